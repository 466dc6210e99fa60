"""`annotate import`: what was drawn."""

from pathlib import Path

import click


@click.command("import")
@click.argument("root", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
def import_labels(root: Path) -> int:
    """Check and take over what was drawn."""
    raise NotImplementedError(root)
