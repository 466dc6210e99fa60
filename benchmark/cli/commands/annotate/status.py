"""`annotate status`: where a project is."""

from pathlib import Path

import click


@click.command("status")
@click.argument("root", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
def status(root: Path) -> int:
    """Show where a project is."""
    raise NotImplementedError(root)
