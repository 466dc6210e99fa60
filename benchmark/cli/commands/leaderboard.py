"""The leaderboard's commands, passed on: the leaderboard imports the benchmark, never back."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click


@click.command(
    context_settings={"ignore_unknown_options": True}, add_help_option=False, no_args_is_help=False
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def leaderboard(arguments: Sequence[str]) -> int:
    """Turn results into a page or tables; -h says more."""
    return _call(arguments)


def build_page(results: Sequence[Path], out: Path, *, published: bool) -> int:
    """Build the page; its place and its top rows go to the terminal.

    Args:
        results: folders with results.
        out: the page.
        published: whether it shows the papers' figures, too.
    """
    folders = [part for folder in results for part in ("--results", str(folder))]
    more = ["--published"] if published else []
    # Whatever the environment says: this process is where the run was.
    return _call(["build", *folders, "--out", str(out), "--runtime", "local", *more])


def _call(arguments: Sequence[str]) -> int:
    # Without -P the current folder could stand in for the package.
    command = [sys.executable, "-P", "-m", "leaderboard", *arguments]
    sys.stdout.flush()
    return subprocess.run(command, check=False).returncode
