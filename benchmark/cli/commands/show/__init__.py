"""`show`: pictures of an experiment."""

import click

from benchmark.cli.commands.show.predictions import predictions
from benchmark.cli.commands.show.queries import queries
from benchmark.cli.commands.show.uncertainty import uncertainty


@click.group()
def show() -> None:
    """Draw what an experiment queried, predicted and was uncertain about.

    EXPERIMENT is its folder, or [TRACK/]SETTING/METHOD/SEED, or any part of that which only one
    has. Each command writes a page that works offline, and PNG files in a folder beside it.
    """


for command in (queries, predictions, uncertainty):
    show.add_command(command)
