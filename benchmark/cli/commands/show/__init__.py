"""`show`: pictures of an experiment."""

import click

from benchmark.cli.commands.show.options import EXPERIMENT
from benchmark.cli.commands.show.predictions import predictions
from benchmark.cli.commands.show.queries import queries
from benchmark.cli.commands.show.uncertainty import uncertainty


@click.group(epilog=EXPERIMENT)
def show() -> None:
    """Draw what an experiment queried, predicted and was uncertain about.

    Each command writes a page that works offline, and PNG files in a folder beside it.
    """


for command in (queries, predictions, uncertainty):
    show.add_command(command)
