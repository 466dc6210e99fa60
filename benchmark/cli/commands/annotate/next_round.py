"""`annotate next`: the next patches to label."""

from pathlib import Path

import click


@click.command("next")
@click.argument("root", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
def next_round(root: Path) -> int:
    """Choose the next patches, and write their round's folder."""
    raise NotImplementedError(root)
