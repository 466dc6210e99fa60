"""The report as one HTML file that works offline, without a script."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmark.annotation.finish.report.content import Told
from benchmark.pictures.colours import class_colour
from benchmark.show.page import POLICY, STYLES, Figure
from benchmark.show.subject import SIDES
from nnactive.io.files import write_text

FOLDER: Final = Path(__file__).parent


def render(
    told: Told,
    figures: Sequence[Figure],
    commands: Sequence[tuple[str, str]],
) -> str:
    """The page as HTML; all text is escaped.

    Args:
        told: what it says.
        figures: pictures of predictions.
        commands: what to do with the files.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader([FOLDER, STYLES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    classes = told.project.classes
    return environment.get_template("page.html").render(
        told=told,
        lead=_lead(told),
        figures=figures,
        commands=commands,
        colours=[(name, class_colour(n)) for n, name in enumerate(classes, 1)],
        sides=SIDES,
        policy=POLICY,
    )


def write(
    out: Path,
    told: Told,
    figures: Sequence[Figure],
    commands: Sequence[tuple[str, str]],
) -> None:
    """Write the page; else as `render`."""
    write_text(out, render(told, figures, commands))


def _lead(told: Told) -> str:
    training = told.project.training
    text = (
        f"{training.folds} networks, {training.epochs} epochs each, trained on "
        f"{told.labelled} labelled patches; {told.labelled_cases} of "
        f"{len(told.project.images)} images have labels."
    )
    if told.open:
        count = "1 patch is" if told.open == 1 else f"{told.open} patches are"
        text += f" {count} still open and not used here."
    return text
