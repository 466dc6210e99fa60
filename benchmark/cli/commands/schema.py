"""The command that writes the JSON Schemas."""

from pathlib import Path

import click


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("docs/schema"),
    show_default=True,
    help="Folder to write to.",
)
def schema(out: Path) -> None:
    """Write the JSON Schemas of results, tracks, cards and submissions."""
    from benchmark.schemas import write_schemas

    for path in write_schemas(out):
        click.echo(path)
