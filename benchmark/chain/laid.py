"""A loop file that is laid down, as if a step had just written it.

The ordinary workflow finds it finished and sealed there; what is left to it is to label the
patches, to train and to go on.
"""

from pathlib import Path

from nnactive.errors import UserError
from nnactive.io.costs import Cost, cost_file
from nnactive.io.files import write_model
from nnactive.io.queries import Query, load_query
from nnactive.io.seals import read_seal, seal


def lay(root: Path, name: Path, query: Query, cost: Cost | None = None) -> None:
    """Write a loop file with its seal and its cost; one that is there stays.

    Args:
        root: the track's folder.
        name: the loop file, relative to it.
        query: its content.
        cost: what choosing took; None: nothing.

    Raises:
        UserError: if it is there with other patches.
    """
    path = root / name
    if path.exists() and read_seal(path) is not None:
        if load_query(path) != query:
            raise UserError(f"{path}: contains other patches; remove {root} and run again")
        return
    cost = cost or Cost(seconds=0, peak_memory_gib=0, device="cpu")
    # Seal and cost first, as a step writes them: the file has its name only once it has both.
    draft = path.with_name(f".{path.name}")
    write_model(draft, query)
    seal(draft, path.absolute(), {}, cost=cost.model_dump(mode="json"))
    write_model(cost_file(path), cost)
    draft.replace(path)
