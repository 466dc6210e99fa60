"""The command that reproduces an entry from its bundle."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.cli.commands.reproducing.spread import (
    loop_option,
    seed_option,
    setting_option,
    table_option,
)
from benchmark.cli.options import (
    cores_option,
    data_option,
    isolation_option,
    keep_option,
    runs_option,
)
from nnactive.errors import UserError

if TYPE_CHECKING:
    from benchmark.bundles.levels import Level, Repeated
    from benchmark.bundles.reproduce.reported import Reported
    from benchmark.bundles.reproduce.train import Place


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path), metavar="BUNDLE")
@click.option("--queries", is_flag=True, help="Train on its queries, without running its code.")
@click.option("--method", is_flag=True, help="Run its method again on trained models.")
@click.option(
    "--models",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="With --method: the run with the models, RUNS/TRACK; by default that of --queries.",
)
@click.option("--by", metavar="NAME", help="Write an attestation in your name.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Folder for the attestation; by default `attestations` beside the bundle.",
)
@table_option
@setting_option
@seed_option
@loop_option
@keep_option
@isolation_option
@cores_option
@data_option
@runs_option
def reproduce(
    bundle: Path,
    models: Path | None,
    by: str | None,
    out: Path | None,
    tables: Sequence[Path],
    settings: Sequence[str],
    seeds: Sequence[int],
    loops: Sequence[int],
    cores: int | None,
    data: Path,
    runs: Path,
    *,
    queries: bool,
    method: bool,
    keep: bool,
) -> int:
    """Reproduce the entry in BUNDLE: by its queries, its method, or both.

    With --queries it is replayed: its Dice must come out within the spread of unseeded training.
    With --method it is re-run: on the author's models, its method must choose the same patches.
    Continues where it was interrupted. Exit status 0 only if all of it was judged and agrees.
    """
    from benchmark.bundles.reproduce.attest import attest, check_name
    from benchmark.bundles.reproduce.entry import attestations_of, code_of, open_entry, place_of
    from benchmark.bundles.reproduce.query import first_loop
    from benchmark.cli.contained import note
    from nnactive.devices import usable_cores

    if not (queries or method):
        raise UserError(f"{bundle}: choose --queries, --method, or both")
    if by is not None:
        check_name(by)
    opened, whole = open_entry(bundle)
    reported, failed = whole.chosen(settings, seeds).complete()
    for each in failed:
        note(f"{each}: recorded as failed; not reproduced")
    place = place_of(reported, data, runs, cores or usable_cores(), keep=keep or method)
    done: list[tuple[Level, Sequence[Repeated], bool]] = []
    if queries:
        done.append(("replayed", *replayed(reported, loops or None, place, tables)))
    if method:
        from benchmark.cli.commands.reproducing.rerun import rerun

        again = rerun(reported, code_of(opened), loops or None, place, models)
        done.append(("re-run", *again))
    for level, judged, _ in done:
        if by is not None and reported.digest is not None:
            # The shared start says nothing about the method.
            own = [each for each in judged if max(each.loops) >= first_loop(reported)]
            file = attest(out or attestations_of(bundle), reported.digest, level, by, own)
            click.echo(_attested(file, level), err=True)
    return 0 if all(agrees for _, _, agrees in done) else UserError.exit_code


def _attested(file: Path | None, level: "Level") -> str:
    """Where the attestation is, and what to do with it."""
    if file is None:
        return f"{level}: nothing was judged, so nothing is attested"
    shown = shlex.quote(str(file))
    return f"attestation: {file}\nnext: nnactive-bench sign {shown} --key KEY (docs/reproducing.md)"


def replayed(
    reported: "Reported", loops: Sequence[int] | None, place: "Place", tables: Sequence[Path]
) -> "tuple[Sequence[Repeated], bool]":
    """Train on the queries, compare and print; what was judged, and whether all agrees."""
    from benchmark.bundles.reproduce.compare import compare, repeated, together, worst
    from benchmark.bundles.reproduce.spread import SHIPPED, read_table
    from benchmark.bundles.reproduce.train import reported_seconds, train_again, trainings
    from benchmark.cli.commands.reproducing.shown import print_comparisons
    from benchmark.cli.contained import note
    from benchmark.cli.progress import shown
    from benchmark.machine.gpus import gpu_names
    from nnactive.io.formatting import duration

    rows = read_table(SHIPPED, *tables)
    result = next(iter(reported.results.values()))
    machine = f"{result.environment.accelerator or result.environment.cpu!a:.80}".strip("'")
    note(
        f"{trainings(reported, loops)} trainings, in {place.root(reported)}; training and "
        f"evaluation took {duration(reported_seconds(reported, loops))} in all on {machine}"
    )
    if bool(gpu_names()) != any(each.environment.accelerator for each in reported.results.values()):
        note("only one of the two machines has a GPU; the effect of that has not been measured")
    with shown() as watcher:
        dice = train_again(reported, loops, place, watcher, note)
    found = compare(reported, dice, rows)
    settings = together(found)
    print_comparisons(found, settings)
    verdict = worst([*(each.verdict for each in found), *(each.verdict for each in settings)])
    if verdict == "not judged":
        note("no spread known for this dataset and training: measure it with `spread measure`")
    return repeated(found), verdict == "agrees"
