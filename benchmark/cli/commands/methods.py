"""Commands about query methods, and the first look at a METHOD before anything runs."""

import shlex
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from benchmark.cli.options import param_option

if TYPE_CHECKING:
    from pydantic import BaseModel

    from benchmark.submission.spec import MethodSpec

    Model = TypeVar("Model", bound=BaseModel)

SECONDS_TO_IMPORT = 120
"""A file that takes longer is taken to hang."""


@click.group()
def method() -> None:
    """Look at query methods."""


@method.command("list")
def list_methods() -> None:
    """List the methods that come with the benchmark, with their parameters' defaults."""
    from rich.console import Console
    from rich.table import Table

    from benchmark.submission.method_string import written
    from benchmark.submission.spec import describe
    from nnactive.methods import BUILTIN

    table = Table("method", "parameters", "sees ground truth", "description", box=None)
    for name in BUILTIN:
        record = describe(name).record
        parameters = [f"{key}={written(value)}" for key, value in record.parameters.items()]
        oracle = "yes" if record.oracle else "no"
        table.add_row(name, "\n".join(parameters), oracle, record.description)
    Console().print(table)


@method.command()
@click.argument("text", metavar="METHOD")
@param_option
def show(text: str, parameters: Sequence[str]) -> None:
    """Show what METHOD computes, and its parameters.

    METHOD is the name of a builtin method or path/to/file.py:Class, with its parameters if need be:
    power_bald,beta=5.
    """
    from benchmark.submission.method_help import Sheet, sheet
    from benchmark.submission.method_string import parse, written
    from benchmark.submission.spec import is_builtin

    name, _ = parse(text, parameters)
    elsewhere = not is_builtin(name)
    found = _told(Sheet, text, parameters, "--show") if elsewhere else sheet(text, parameters)
    click.echo(f"{found.record.id}{', sees ground truth' if found.record.oracle else ''}")
    click.echo(f"\n{found.text}\n" if found.text else "")
    for key, value in found.record.parameters.items():
        click.echo(f"--param {key}={written(value)}  ({found.limits[key]})")
    if not found.record.parameters:
        click.echo("no parameters")


def examine(
    text: str, root: Path, parameters: Sequence[str] = ()
) -> "tuple[MethodSpec, Path | None]":
    """Spec of a METHOD and, if it was submitted, its file.

    Builtin methods, and files that were accepted in the track's folder ``root`` before, are told
    at once; another file is imported in a process of its own, as that runs the author's code.

    Args:
        text: the METHOD.
        root: the track's folder.
        parameters: further parameters of it, each ``name=value``.

    Raises:
        UserError: one line with file and cause if this is no query method that can be run.
    """
    from benchmark.layout import spec_file
    from benchmark.submission.here import check_here
    from benchmark.submission.method_string import joined, parse
    from benchmark.submission.requirements import requirements_of
    from benchmark.submission.spec import (
        MethodSpec,
        check_unchanged,
        describe,
        is_builtin,
        split,
        submission_id,
    )
    from nnactive.io.files import read_model

    name, given = parse(text, parameters)
    if is_builtin(name):
        return describe(text, parameters), None
    path, entry = split(name)
    # Where the parameters are written otherwise than in the id, the file is imported once more.
    known = root / spec_file(joined(submission_id(path, entry), given))
    if known.exists():
        spec, requirements = read_model(known, MethodSpec), requirements_of(path)
        check_unchanged(spec, requirements, path)
        check_here(text, requirements)
        return spec, path
    return _told(MethodSpec, text, parameters), path


def _told(kind: "type[Model]", text: str, parameters: Sequence[str], *options: str) -> "Model":
    """What the step ``describe`` tells of a METHOD, imported in a process of its own."""
    from benchmark.child_errors import reported_cause
    from benchmark.workflow.plan import STEP_COMMAND
    from nnactive.errors import UserError
    from nnactive.io.files import read_model

    given = [part for parameter in parameters for part in ("--param", parameter)]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "spec.json"
        try:
            done = subprocess.run(
                [*shlex.split(STEP_COMMAND), "describe", text, *given, *options, "--out", str(out)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
                timeout=SECONDS_TO_IMPORT,
            )
        except subprocess.TimeoutExpired:
            raise UserError(
                f"{text}: its import isn't done after {SECONDS_TO_IMPORT} s; "
                "leave to score or query what takes long"
            ) from None
        if out.exists() and not done.returncode:
            return read_model(out, kind)
    *above, last = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
    if above:
        # With --debug the author's traceback comes before the line.
        click.echo("\n".join(above), err=True)
    raise UserError(reported_cause([last]) or f"{text}: can't be imported: {last}")
