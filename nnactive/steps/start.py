"""Step: choose the starting budget."""

from pathlib import Path

from nnactive.budget import Budget, Room, judge
from nnactive.data.prepared import PreparedDataset
from nnactive.errors import UserError
from nnactive.io.queries import START, Query, record, save_query
from nnactive.settings import Setting
from nnactive.steps.starting_budget import starting_budget


def start(data: Path, setting: Setting, seed: int, out: Path) -> None:
    """Write the starting budget of a setting and seed to ``out`` (protocol section 4)."""
    dataset = PreparedDataset(data)
    info = dataset.info
    # Before anything is trained: a dataset that was just generated isn't judged earlier.
    room = Room(tuple(case.shape for case in info.pool), setting.patch_size, setting.stride)
    reason = judge(Budget.of(setting), room, []).impossible
    if reason:
        raise UserError(
            f"setting {setting.name}: no room for {Budget.of(setting)} in {info.name}: {reason}; "
            "lower the query size, the starting budget or the number of loops"
        )
    patches = starting_budget(dataset, setting.patch_size, setting.starting_budget, seed)
    save_query(
        out,
        Query(
            dataset=info.name,
            setting=setting.name,
            method=START,
            seed=seed,
            loop=0,
            patches=record(patches),
        ),
    )
