"""Commands that build the leaderboard."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from benchmark.cli.options import out_option

TOP_ROWS = 10


@click.group()
def leaderboard() -> None:
    """Turn results into a page."""


@leaderboard.command()
@click.option(
    "--results",
    type=click.Path(path_type=Path, exists=True),
    multiple=True,
    required=True,
    help="Folder with results, or a result file; may be given several times.",
)
@out_option
@click.option("--top", default=TOP_ROWS, show_default=True, help="Rows to print.")
def build(results: Sequence[Path], out: Path, top: int) -> int:
    """Build the page from all results under the given folders."""
    return build_page(results, out, top)


def build_page(results: Sequence[Path], out: Path, top: int = TOP_ROWS) -> int:
    """Build the page in a process of its own, as the leaderboard imports the benchmark.

    Its output, the place of the page and its top rows, goes to the terminal.
    """
    folders = [part for folder in results for part in ("--results", str(folder))]
    # Without -P the current folder could stand in for the package.
    command = [sys.executable, "-P", "-m", "leaderboard", "build", *folders]
    sys.stdout.flush()
    done = subprocess.run([*command, "--out", str(out), "--top", str(top)], check=False)
    return done.returncode
