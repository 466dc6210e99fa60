"""`annotate finish`: model, predictions, data."""

from pathlib import Path

import click


@click.command("finish")
@click.argument("root", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
def finish(root: Path) -> int:
    """Train on all labels; write model, predictions, data and a report."""
    raise NotImplementedError(root)
