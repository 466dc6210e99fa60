"""Commands about query methods, and the first look at a METHOD before anything runs."""

import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from benchmark.cli.options import method_argument

if TYPE_CHECKING:
    from pydantic import BaseModel

    from benchmark.feasibility.demands import Demands
    from benchmark.feasibility.pools import Pools
    from benchmark.submission.method_string import Method
    from benchmark.submission.spec import MethodSpec

    Model = TypeVar("Model", bound=BaseModel)

SECONDS_TO_IMPORT = 120
"""An import that takes longer counts as hanging."""


@click.group()
def method() -> None:
    """List and show query methods."""


@method.command("list")
def list_methods() -> None:
    """List the query and start methods, built-in or of installed packages, with their defaults."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from benchmark.submission.files.offered import installed_methods
    from benchmark.submission.method_string import Method, written
    from benchmark.submission.spec import MethodSpec, describe
    from nnactive.errors import UserError
    from nnactive.methods import BUILTIN, STARTS

    table = Table("method", "chooses", "parameters", "uses ground truth", "description", box=None)
    known = [*BUILTIN, *STARTS]
    for name in [*known, *sorted(installed_methods().keys() - set(known))]:
        try:
            method = Method.parse(name)
            spec = _described(MethodSpec, method) if method.file else describe(method)
        except UserError as error:  # of an installed package
            table.add_row(name, "", "", "", escape(f"can't be used: {error}"))
            continue
        record = spec.record
        parameters = [f"{key}={written(value)}" for key, value in record.parameters.items()]
        oracle = "yes" if record.oracle else "no"
        loops = "loop 0" if spec.starts else "later loops"
        table.add_row(name, loops, "\n".join(parameters), oracle, escape(record.description))
    Console().print(table)


@method.command()
@method_argument
def show(method: "Method") -> None:
    """Show what METHOD computes, and its parameters.

    METHOD is path/to/file.py:Class, path/to/folder:Class, or the name of a built-in or installed
    method, optionally with parameters: power_bald,beta=5.
    """
    from benchmark.submission.method_help import MethodHelp, method_help
    from benchmark.submission.method_string import written

    found = _described(MethodHelp, method, "--show") if method.file else method_help(method)
    click.echo(f"{found.record.id}{', uses ground truth' if found.record.oracle else ''}")
    click.echo(f"\n{found.text}\n" if found.text else "")
    for key, value in found.record.parameters.items():
        click.echo(f"--param {key}={written(value)}  ({found.limits.get(key, '')})")
    if not found.record.parameters:
        click.echo("no parameters")


@method.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write instead of printing.",
)
def reference(out: Path | None) -> None:
    """Print the reference of what a method can import, as Markdown."""
    import nnactive.methods
    from benchmark.reference.page import reference as made
    from nnactive.io.files import write_text

    text = made(nnactive.methods)
    if out is None:
        click.echo(text, nl=False)
    else:
        write_text(out, text)
        click.echo(out)


def examine(method: "Method", root: Path) -> "MethodSpec":
    """Describe a METHOD before anything runs.

    Built-in methods, and files that were accepted in the track's folder ``root`` before, are
    described at once; any other file is imported in another process, as that runs its author's
    code.

    Raises:
        UserError: one line with file and cause if this isn't a query method that can run.
    """
    from benchmark.layout import spec_file
    from benchmark.submission.requirements import check_installed
    from benchmark.submission.spec import MethodSpec, describe
    from nnactive.io.files import read_model

    if method.file is None:
        return describe(method)
    # Parameters that are written differently in the id cost one more import.
    known = root / spec_file(method.written_id)
    if not known.exists():
        return _described(MethodSpec, method)
    check_installed(method.string, method.requirements)
    return read_model(known, MethodSpec)


def demands(method: "Method", pools: "Pools") -> "Demands":
    """How a METHOD looks for patches in pools; a file is imported in another process.

    Raises:
        UserError: if its ``limit`` fails.
    """
    from benchmark.feasibility.demands import Demands, demands_of, questions
    from benchmark.submission.method_class import as_query
    from benchmark.submission.spec import make
    from nnactive.errors import UserError
    from nnactive.io.files import write_model

    if method.file is None:
        return demands_of(as_query(make(method)[1], method.string), questions(pools))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pools.json"
        write_model(file, questions(pools))
        found = _described(Demands, method, "--pools", str(file))
    wanted = {setting.name: setting.loops - 1 for setting in pools.settings}
    if {name: len(each) for name, each in found.settings.items()} != wanted:
        raise UserError(f"{method.string}: `limit` gave an invalid answer")
    return found


def _described(kind: "type[Model]", method: "Method", *options: str) -> "Model":
    """What the step ``describe``, which imports the author's code in a box, says of a METHOD."""
    from benchmark.child_errors import reported_cause
    from benchmark.workflow.plan import STEP_COMMAND
    from nnactive.errors import UserError
    from nnactive.io.files import read_model

    words = [*shlex.split(STEP_COMMAND), "describe", *options]
    text = method.string
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "spec.json"
        try:
            done = subprocess.run(
                [*words, "--out", str(out), *method.staged().arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
                timeout=SECONDS_TO_IMPORT,
            )
        except subprocess.TimeoutExpired:
            raise UserError(
                f"{text}: importing it took more than {SECONDS_TO_IMPORT} s; "
                "move slow work into score() or query()"
            ) from None
        if out.exists() and not done.returncode:
            return read_model(out, kind)
    *above, last = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
    if above:
        # With --debug the author's traceback comes before the line.
        click.echo("\n".join(above), err=True)
    raise UserError(reported_cause([last]) or f"{text}: can't be imported: {last}")
