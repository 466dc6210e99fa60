"""What the commands of `show` share."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchmark.containers.roles import Role

if TYPE_CHECKING:
    from benchmark.show.page import Page

ROLES = {"experiment": Role.RUN, "data": Role.DATA, "runs": Role.RUNS, "out": Role.PAGE}
EXPERIMENT = "EXPERIMENT is its folder, [TRACK/]SETTING/METHOD/SEED, or any unique part of that."
"""The end of each command's help; docs/pictures.md says the same."""
experiment_argument = click.argument("experiment", metavar="EXPERIMENT")

device_option = click.option(
    "--device", default="auto", show_default=True, help="Where to predict."
)


def out_option(default: str) -> Callable[..., Any]:
    """Where to write the page; by default a file of the current folder."""
    return click.option(
        "--out",
        type=click.Path(path_type=Path, dir_okay=False),
        default=Path(default),
        show_default=True,
        metavar="FILE",
        help="Page to write; PNG files go to a folder beside it.",
    )


def written(page: "Page", out: Path) -> None:
    """Write a page and say where."""
    from benchmark.show.page import write
    from nnactive.io.beside.companions import folder_of

    write(page, out)
    click.echo(f"page: {out}")
    if page.sheets:
        click.echo(f"pictures: {folder_of(out)}")
