"""Step: choose the patches of loop 0."""

import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nnactive.authored import files_of
from nnactive.budget import Budget, Room, judge
from nnactive.data.prepared import PreparedDataset
from nnactive.errors import UserError
from nnactive.geometry import Patch
from nnactive.io.queries import PROTOCOL_START, START, Query, record, save_query
from nnactive.methods import STARTS, StartMethod
from nnactive.methods.run_method import run_method
from nnactive.methods.starts.pool import StartPool
from nnactive.places import leaves_none
from nnactive.pool.info import PoolInfo
from nnactive.pool.sources import Sources
from nnactive.pool.view import PoolView
from nnactive.query.checkpoint import Checkpoint, checkpoint_folder, code_hash, key_of
from nnactive.query.readahead import ReadAhead
from nnactive.settings import Setting
from nnactive.steps.network import no_predictor
from nnactive.steps.pool_files import PoolFiles, facts_of
from nnactive.steps.starting_budget import starting_budget

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class StartInputs:
    """Everything that a start method's choice depends on."""

    files: PoolFiles
    setting: Setting
    """Gives patch size, stride and starting budget."""
    seed: int
    method: StartMethod
    method_id: str
    """Part of the names of its random streams."""
    dataset: PreparedDataset | None = None
    """For the protocol's starting budget alone, which looks at labels."""

    @property
    def names(self) -> tuple[object, ...]:
        """Names of the method's random streams: what the protocol's starting budget depends on."""
        setting = self.setting
        return (
            *(START, self.method_id, self.files.facts.name),
            *(setting.patch_size, setting.starting_budget, self.seed),
        )


def start(data: Path, setting: Setting, seed: int, out: Path) -> None:
    """Write the protocol's starting budget of a setting and seed to ``out`` (section 4).

    Raises:
        UserError: if the pool has no room for the budget, or too few cases for its classes.
    """
    dataset = with_room(data, setting)
    patches = starting_budget(dataset, setting.patch_size, setting.starting_budget, seed)
    _save(out, dataset, setting, START, seed, patches)


def start_with(
    method: StartMethod,
    method_id: str,
    data: Path,
    setting: Setting,
    seed: int,
    out: Path,
    *,
    workers: int = 1,
) -> None:
    """Write what a start method chooses to ``out``, in this very process.

    For the benchmark's own code: nothing keeps the method from what this process can read. See
    `decide_start`.

    Args:
        method: the start method.
        method_id: its id, which the loop file names.
        data: the prepared dataset.
        setting: gives patch size, stride and starting budget.
        seed: seed of the experiment.
        out: the loop file to write.
        workers: images to work on at the same time; doesn't affect the choice.

    Raises:
        UserError: if the pool has no room for the budget.
        MethodError: if the method breaks its contract.
    """
    dataset = with_room(data, setting)
    files = PoolFiles(data, facts_of(dataset))
    inputs = StartInputs(files, setting, seed, method, method_id, dataset)
    chosen = decide_start(inputs, checkpoint_folder(out), workers=workers)
    _save(out, dataset, setting, method_id, seed, chosen)
    shutil.rmtree(checkpoint_folder(out), ignore_errors=True)


def decide_start(inputs: StartInputs, kept: Path, *, workers: int = 1) -> list[Patch]:
    """What a start method chooses. It sees images and sizes, no labels and no network.

    Args:
        inputs: the method and what it chooses from.
        kept: folder of finished work, so that an interrupted start resumes; whoever writes the
            choice removes it.
        workers: images to work on at the same time; doesn't affect the choice.

    Raises:
        MethodError: if the method breaks its contract.
    """
    checkpoint = Checkpoint(kept, partial(_key, inputs))
    pool = start_pool(inputs, workers=workers, checkpoint=checkpoint)
    return run_method(inputs.method, pool, inputs.setting.starting_budget)


def start_pool(
    inputs: StartInputs, *, workers: int = 1, checkpoint: Checkpoint | None = None
) -> StartPool:
    """The pool as a start method sees it.

    Args:
        inputs: the method and what it chooses from.
        workers: images to work on at the same time.
        checkpoint: stores what ``map`` finishes.
    """
    facts, setting = inputs.files.facts, inputs.setting
    images = ReadAhead(inputs.files.image)
    about = PoolInfo(
        shapes=facts.shapes,
        spacing=facts.spacing,
        patch_size=setting.patch_size,
        stride=setting.stride,
        candidates=setting.candidates,
        loop=0,
        queries=setting.loops - 1,
        n_classes=len(facts.classes),
        labelled=facts.given,
    )
    sources = Sources(
        images=images,
        partial_labels=_no_labels,
        predictor=no_predictor,
        needs=frozenset(),
        names=inputs.names,
        workers=workers,
        announce=images.announce,
        checkpoint=checkpoint,
        files=files_of(type(inputs.method)),
    )
    # No other class, whatever it declares: a start that looks at labels is no cold start.
    sees_labels = type(inputs.method) is STARTS[PROTOCOL_START]
    protocol = (
        partial(_protocol, inputs, inputs.dataset) if inputs.dataset and sees_labels else None
    )
    return StartPool(PoolView(about, sources), protocol)


def with_room(data: Path, setting: Setting) -> PreparedDataset:
    """The dataset, whose pool may have room for the setting's budget.

    Raises:
        UserError: if it has none.
    """
    dataset = PreparedDataset(data)
    info = dataset.info
    # Before anything is trained: a dataset that was just generated isn't judged earlier.
    shapes = tuple(
        case.shape
        for case in info.pool
        if not any(
            box.case == case.id and leaves_none(box, case.shape, setting.patch_size)
            for box in dataset.given
        )
    )
    room = Room(shapes, setting.patch_size, setting.stride)
    reason = judge(Budget.of(setting), room, []).impossible
    if reason:
        raise UserError(
            f"setting {setting.name}: no room for {Budget.of(setting)} in {info.name}: {reason}; "
            "lower the query size, the starting budget or the number of loops"
        )
    return dataset


def _protocol(inputs: StartInputs, dataset: PreparedDataset, n: int) -> list[Patch]:
    return starting_budget(dataset, inputs.setting.patch_size, n, inputs.seed)


def _save(
    out: Path,
    dataset: PreparedDataset,
    setting: Setting,
    method: str,
    seed: int,
    patches: list[Patch],
) -> None:
    save_query(
        out,
        Query(
            dataset=dataset.info.name,
            setting=setting.name,
            method=method,
            seed=seed,
            loop=0,
            patches=record(patches),
            isolation="trusted",
        ),
    )


def _key(inputs: StartInputs) -> str:
    """A hash of everything the method's work on an image depends on."""
    method = inputs.method
    return key_of(
        [
            *(inputs.files.facts.checksum, inputs.setting.model_dump_json(), inputs.names),
            code_hash(type(method)),
            repr(getattr(method, "parameters", None)),
        ]
    )


def _no_labels(case: str) -> "np.ndarray":
    raise UserError(f"{case}: nothing is labelled before the start")
