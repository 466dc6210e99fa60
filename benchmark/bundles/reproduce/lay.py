"""Lay down an entry's queries in a track's folder of its own, as if its method had just chosen.

The ordinary workflow finds them finished and sealed there; what is left to it is to label them, to
train and to evaluate.
"""

from pathlib import Path
from typing import Final

from benchmark import layout
from benchmark.bundles.reproduce.reported import Reported, check
from benchmark.chain.laid import lay

REPLAYS: Final = ".replays"
"""Folder below the runs; leaderboards pass over names with a dot."""
CHOSEN_BY: Final = ("query", "start")
"""Keys in a result's costs of the steps that choose patches."""


def lay_down(reported: Reported, root: Path) -> None:
    """Write the loop files of all experiments; those that are there stay.

    The states that methods save between queries aren't part of an entry.

    Args:
        reported: the entry.
        root: the track's folder.

    Raises:
        UserError: if the entry contradicts itself, or the folder holds another one's queries.
    """
    check(reported)
    for experiment, queries in reported.queries.items():
        for loop, query in enumerate(queries):
            costs = reported.results[experiment].loops[loop].costs
            known = [costs[key] for key in CHOSEN_BY if key in costs]
            bare = query.model_copy(update={"state": None})
            lay(root, layout.query_file(experiment, loop), bare, known[0] if known else None)
