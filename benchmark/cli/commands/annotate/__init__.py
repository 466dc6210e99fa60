"""`annotate`: the benchmark's loop on your own images, with a person who labels."""

import click

from benchmark.cli.commands.annotate.finish import finish
from benchmark.cli.commands.annotate.import_labels import import_labels
from benchmark.cli.commands.annotate.init import init
from benchmark.cli.commands.annotate.next_round import next_round
from benchmark.cli.commands.annotate.status import status


@click.group()
def annotate() -> None:
    """Label your own images with active learning, in the tool that you already use.

    DIR is the project's folder. Begin with init; then repeat next, label the round's patches, and
    import; finish trains a model that nnUNetv2_predict takes.
    """


for command in (init, next_round, import_labels, status, finish):
    annotate.add_command(command)
