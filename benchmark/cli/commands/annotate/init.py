"""`annotate init`: begin a project."""

from pathlib import Path

import click


@click.command("init")
@click.argument("root", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
def init(root: Path) -> int:
    """Begin a project in DIR."""
    raise NotImplementedError(root)
