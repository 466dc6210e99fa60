"""Commands about query methods, and the first look at a METHOD before anything runs."""

import shlex
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pydantic import BaseModel

    from benchmark.submission import MethodSpec

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

    from benchmark.parameters import written
    from benchmark.submission import describe
    from nnactive.methods import BUILTIN

    table = Table("method", "parameters", "sees ground truth", "description", box=None)
    for name in BUILTIN:
        record = describe(name).record
        parameters = [f"{key}={written(value)}" for key, value in record.parameters.items()]
        oracle = "yes" if record.oracle else "no"
        table.add_row(name, "\n".join(parameters), oracle, record.description)
    Console().print(table)


@method.command()
@click.argument("name")
def show(name: str) -> None:
    """Show what the builtin method NAME computes, and its parameters."""
    import inspect

    from benchmark.method_class import builtin_class
    from benchmark.parameters import written
    from benchmark.submission import describe

    kind, record = builtin_class(name), describe(name).record
    click.echo(f"{name}{', sees ground truth' if record.oracle else ''}")
    click.echo(f"\n{inspect.getdoc(kind)}\n")
    for key, value in record.parameters.items():
        click.echo(f"--param {key}={written(value)}  ({_limits(kind.Parameters, key)})")
    if not record.parameters:
        click.echo("no parameters")


def _limits(parameters: "type[BaseModel]", name: str) -> str:
    """Type and bounds of a parameter."""
    field = parameters.model_fields[name]
    kind = getattr(field.annotation, "__name__", str(field.annotation))
    signs = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
    bounds = [
        f"{signs[bound]} {value}"
        for limit in field.metadata
        for bound in signs
        if (value := getattr(limit, bound, None)) is not None
    ]
    return ", ".join([kind, *bounds])


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
    from benchmark.parameters import joined, parse
    from benchmark.submission import MethodSpec, describe, is_builtin, split, submission_id
    from nnactive.files import read_model

    name, given = parse(text, parameters)
    if is_builtin(name):
        return describe(text, parameters), None
    path, entry = split(name)
    # Where the parameters are written otherwise than in the id, the file is imported once more.
    known = root / spec_file(joined(submission_id(path, entry), given))
    if known.exists():
        return read_model(known, MethodSpec), path
    return _import_elsewhere(text, parameters), path


def _import_elsewhere(text: str, parameters: Sequence[str]) -> "MethodSpec":
    from benchmark.submission import MethodSpec
    from benchmark.workflow.plan import STEP_COMMAND
    from nnactive.errors import UserError
    from nnactive.files import read_model

    given = [part for parameter in parameters for part in ("--param", parameter)]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "spec.json"
        try:
            done = subprocess.run(
                [*shlex.split(STEP_COMMAND), "describe", text, *given, "--out", str(out)],
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
            return read_model(out, MethodSpec)
    *above, last = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
    if above:
        # With --debug the author's traceback comes before the line.
        click.echo("\n".join(above), err=True)
    cause = last.removeprefix("error: ")
    raise UserError(cause if cause != last else f"{text}: can't be imported: {last}")
