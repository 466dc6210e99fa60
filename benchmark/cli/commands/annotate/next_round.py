"""`annotate next`: the next patches to label."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.cli.bars import bars
from benchmark.cli.command_line import command_line
from benchmark.cli.contained import Contained, note
from benchmark.cli.options import cores_option, isolation_option, seconds_option
from benchmark.containers.roles import Role

if TYPE_CHECKING:
    from benchmark.annotation.engine import Entry
    from benchmark.annotation.loop import Options, Outcome
    from benchmark.annotation.project.model import Project
    from benchmark.annotation.project.places import Places


@click.command(
    "next",
    cls=Contained,
    roles={"root": Role.PROJECT, "images": Role.IMAGES},
    gpu=True,
    layered=True,
)
@click.argument("root", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--look",
    "looks",
    multiple=True,
    metavar="PLACE",
    help="Where to look: CLASS:intensity=40..120, CLASS:CASE=z0:z1,y0:y1,x0:x1, CLASS:CASE=z,y,x, "
    "CLASS:CASE=ras:x,y,z; repeatable.",
)
@click.option("--with-open", is_flag=True, help="Go on though patches are still to be labelled.")
@click.option(
    "--without-missing", is_flag=True, help="Go on though a class isn't labelled anywhere."
)
@click.option(
    "--images",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=None,
    metavar="FOLDER",
    help="Where the images are now, if they have moved.",
)
@cores_option
@seconds_option
@isolation_option
def next_round(
    root: Path,
    looks: tuple[str, ...],
    images: Path | None,
    cores: int | None,
    seconds: float,
    *,
    with_open: bool,
    without_missing: bool,
) -> None:
    """Choose the next patches, and write their round's folder.

    Round 0 is chosen by the project's start method, or where --look says; for later rounds the
    networks are trained on what was imported, and the query method chooses. Goes on where an
    earlier call was interrupted.
    """
    from benchmark.annotation.loop import Options
    from benchmark.annotation.project.places import Places, load_project

    project = load_project(root)
    options = Options(
        looks=looks,
        with_open=with_open,
        without_missing=without_missing,
        images=images,
        workers=cores,
    )
    outcome = _run(Places(root), project, options, cores, seconds)
    _print(Places(root), project, outcome)


def _run(
    places: "Places", project: "Project", options: "Options", cores: int | None, seconds: float
) -> "Outcome":
    from benchmark.annotation.engine import Machine, Told
    from benchmark.annotation.loop import next_round as run
    from benchmark.cli.commands.annotate.progress import told
    from nnactive.devices import usable_cores

    notes = tuple(_begin(places))
    return run(
        places,
        project,
        options,
        lambda: (
            _admitted(places, project, project.start, seconds),
            _admitted(places, project, project.method, seconds),
        ),
        Machine(cores or usable_cores(), command_line(), notes=notes),
        Told(told, bars, note),
    )


def _begin(places: "Places") -> list[str]:
    """Refuse to start what would fail on this machine."""
    from benchmark.machine.checks import begin_run

    return begin_run(places.data, places.runs, needs_data=False)


def _admitted(places: "Places", project: "Project", text: str, seconds: float) -> "Entry":
    """A METHOD that has passed its checks, and its frozen copy."""
    from benchmark.annotation.project.methods import method_of
    from benchmark.cli.commands.author.check import passes
    from benchmark.cli.commands.author.methods import examine
    from nnactive.errors import UserError

    method = method_of(places, text).staged(note)
    spec = examine(method, places.runs / project.name)
    if method.file is not None and not passes(method, seconds):
        raise UserError(
            f"{method.origin}: fails the check; see above, mend your own file, and give its whole "
            f"path in {places.project} in place of {text}"
        )
    return spec, method.frozen


def _print(places: "Places", project: "Project", outcome: "Outcome") -> None:
    from benchmark.annotation.project.places import command, round_name

    made = outcome.made
    if made is None:
        click.echo(
            f"all {project.rounds} rounds are labelled; next: "
            f"{command('finish', places.root)} (or raise rounds in {places.project})"
        )
        return
    name, cases = round_name(made.number), {patch.patch.case for patch in made.patches}
    folder = places.round(made.number)
    click.echo(f"{name}: {len(made.patches)} patches in {len(cases)} images, in {folder}")
    click.echo(f"look: {folder / f'{name}.html'}")
    click.echo(
        f"then label each, save under the same name, and run: {command('import', places.root)}"
    )
