"""Commands about query methods, and the check of a METHOD before anything runs."""

import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from benchmark.submission import MethodSpec


@click.group()
def method() -> None:
    """Look at query methods."""


@method.command("list")
def list_methods() -> None:
    """List the methods that come with the benchmark."""
    from rich.console import Console
    from rich.table import Table

    from benchmark.submission import describe
    from nnactive.methods import BUILTIN

    table = Table("method", "sees ground truth", "description", box=None)
    for name in BUILTIN:
        record = describe(name).record
        table.add_row(name, "yes" if record.oracle else "no", record.description)
    Console().print(table)


def examine(text: str, root: Path) -> "tuple[MethodSpec, Path | None]":
    """Spec of a METHOD and, if it was submitted, its file.

    Builtin methods, and files that were accepted in the track's folder ``root`` before, are told
    at once; another file is imported in a process of its own, as that runs the author's code.

    Raises:
        UserError: one line with file and cause if this is no query method that can be run.
    """
    from benchmark.layout import spec_file
    from benchmark.submission import MethodSpec, describe, is_builtin, split, submission_id
    from nnactive.files import read_model

    if is_builtin(text):
        return describe(text), None
    path, name = split(text)
    known = root / spec_file(submission_id(path, name))
    if known.exists():
        return read_model(known, MethodSpec), path
    return _import_elsewhere(f"{path}:{name}"), path


def _import_elsewhere(text: str) -> "MethodSpec":
    from benchmark.submission import MethodSpec
    from benchmark.workflow.plan import STEP_COMMAND
    from nnactive.errors import UserError
    from nnactive.files import read_model

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "spec.json"
        done = subprocess.run(
            [*shlex.split(STEP_COMMAND), "describe", text, "--out", str(out)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if out.exists() and not done.returncode:
            return read_model(out, MethodSpec)
    *above, last = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
    if above:
        # With --debug the author's traceback comes before the line.
        click.echo("\n".join(above), err=True)
    cause = last.removeprefix("error: ")
    raise UserError(cause if cause != last else f"{text}: can't be imported: {last}")
