"""Lay down an entry's queries in a track's folder of its own, as if its method had just chosen.

The ordinary workflow finds them finished and sealed there; what is left to it is to label them, to
train and to evaluate.
"""

from pathlib import Path
from typing import Final

from benchmark import layout
from benchmark.bundles.reproduce.reported import Reported, check
from nnactive.errors import UserError
from nnactive.io.costs import Cost, cost_file
from nnactive.io.files import write_model
from nnactive.io.queries import Query, load_query
from nnactive.io.seals import read_seal, seal

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
            cost = known[0] if known else Cost(seconds=0, peak_memory_gib=0, device="cpu")
            bare = query.model_copy(update={"state": None})
            _lay(root, layout.query_file(experiment, loop), bare, cost)


def _lay(root: Path, name: Path, query: Query, cost: Cost) -> None:
    path = root / name
    if path.exists() and read_seal(path) is not None:
        if load_query(path) != query:
            raise UserError(f"{path}: contains other patches; remove {root} and run again")
        return
    # Seal and cost first, as a step writes them: the file has its name only once it has both.
    draft = path.with_name(f".{path.name}")
    write_model(draft, query)
    seal(draft, path.absolute(), {}, cost=cost.model_dump(mode="json"))
    write_model(cost_file(path), cost)
    draft.replace(path)
