"""Step: choose the starting budget."""

from pathlib import Path

from nnactive.data.prepared import PreparedDataset
from nnactive.io.queries import START, Query, record, save_query
from nnactive.settings import Setting
from nnactive.steps.starting_budget import starting_budget


def start(data: Path, setting: Setting, seed: int, out: Path) -> None:
    """Write the starting budget of a setting and seed to ``out`` (protocol section 4)."""
    dataset = PreparedDataset(data)
    patches = starting_budget(dataset, setting.patch_size, setting.starting_budget, seed)
    save_query(
        out,
        Query(
            dataset=dataset.info.name,
            setting=setting.name,
            method=START,
            seed=seed,
            loop=0,
            patches=record(patches),
        ),
    )
