"""Checking and signing bundles."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.cli.options import data_option
from nnactive.errors import UserError

if TYPE_CHECKING:
    from benchmark.bundles.verify.findings import Finding

COLOURS = {"ok": "green", "FAILED": "bold red", "not checked": "dim"}

bundle_argument = click.argument("bundle", type=click.Path(path_type=Path, exists=True))


@click.command()
@bundle_argument
@data_option
@click.option(
    "--baselines",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=None,
    help="Folder of the benchmark's own results, as runs or bundles, to compare with.",
)
@click.option(
    "--signers",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    default=None,
    help="Allowed signers in OpenSSH's format; by default leaderboard/entries/allowed_signers.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify(
    bundle: Path, data: Path, baselines: Path | None, signers: Path | None, *, as_json: bool
) -> int:
    """Check BUNDLE, a folder or .zip, without running anything of it.

    Files, hashes, patches, budgets, counts, starts and random draws must fit together. Some checks
    need the prepared dataset (DATA) or the baselines; each one that isn't done says why. The exit
    code is 2 if a check failed.
    """
    from benchmark.bundles.read import open_bundle
    from benchmark.bundles.signed.ssh import shipped_signers
    from benchmark.bundles.verify.findings import failures
    from benchmark.bundles.verify.verify import verify as run

    folder = bundle if bundle.is_dir() else open_bundle(bundle).folder
    found = run(folder, data, baselines, signers or shipped_signers())
    if as_json:
        _print_json(bundle, found)
    else:
        _print_table(found)
    bad = failures(found)
    if bad:
        names = ", ".join(each.check for each in bad)
        raise UserError(f"{bundle}: {len(bad)} of {len(found)} checks failed: {names}")
    if not as_json:
        undone = sum(each.state == "not checked" for each in found)
        click.echo(f"{bundle}: verified; {len(found) - undone} checks passed, {undone} not done")
    return 0


@click.command()
@bundle_argument
@click.option(
    "--key",
    type=click.Path(path_type=Path),
    required=True,
    help="SSH key: the private one, or the public one of a key that an agent holds.",
)
def sign(bundle: Path, key: Path) -> None:
    """Sign BUNDLE, or an attestation's .json, with an SSH key.

    Writes the signature beside the file: bundle.json.sig in a bundle.
    """
    from benchmark.bundles import places
    from benchmark.bundles.read import open_bundle
    from benchmark.bundles.signed.ssh import sign as run
    from benchmark.bundles.zips import write_zip

    if bundle.suffix == ".json":
        click.echo(f"signed: {run(bundle, key)}")
        return
    opened = open_bundle(bundle)
    out = run(opened.folder / places.RECORD, key)
    if not bundle.is_dir():
        write_zip(opened.folder, bundle)
    click.echo(f"signed: {out if bundle.is_dir() else bundle}")


def _print_table(findings: "list[Finding]") -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from benchmark.cli.tables import WIDTH

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column("check", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("detail", overflow="fold")
    for each in findings:
        colour = COLOURS[each.state]
        table.add_row(each.check, f"[{colour}]{each.state}", escape(each.detail))
    width = None if Console().is_terminal else WIDTH
    Console(width=width).print(table)


def _print_json(bundle: Path, findings: "list[Finding]") -> None:
    import json
    from dataclasses import asdict

    failed = any(each.state == "FAILED" for each in findings)
    content = {
        "bundle": str(bundle),
        "verified": not failed,
        "findings": [asdict(each) for each in findings],
    }
    click.echo(json.dumps(content, indent=1))
