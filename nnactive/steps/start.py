"""Step: choose the patches of loop 0."""

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
from nnactive.pool.info import PoolInfo
from nnactive.pool.sources import Sources
from nnactive.pool.view import PoolView
from nnactive.query.checkpoint import Checkpoint, code_hash, key_of
from nnactive.query.readahead import ReadAhead
from nnactive.settings import Setting
from nnactive.steps.network import no_predictor
from nnactive.steps.starting_budget import starting_budget

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class StartInputs:
    """Everything that a start method's choice depends on."""

    dataset: PreparedDataset
    setting: Setting
    """Gives patch size, stride and starting budget."""
    seed: int
    method: StartMethod
    method_id: str
    """Part of the names of its random streams."""

    @property
    def names(self) -> tuple[object, ...]:
        """Names of the method's random streams: what the protocol's starting budget depends on."""
        setting = self.setting
        return (
            *(START, self.method_id, self.dataset.info.name),
            *(setting.patch_size, setting.starting_budget, self.seed),
        )


def start(data: Path, setting: Setting, seed: int, out: Path) -> None:
    """Write the protocol's starting budget of a setting and seed to ``out`` (section 4).

    Raises:
        UserError: if the pool has no room for the budget, or too few cases for its classes.
    """
    dataset = _with_room(data, setting)
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
    """Write what a start method chooses to ``out``.

    It sees images and sizes, no labels and no network. Finished work lies beside ``out``, so that
    an interrupted start resumes.

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
    inputs = StartInputs(_with_room(data, setting), setting, seed, method, method_id)
    folder = out.with_name(f".{out.name.removeprefix('.')}.checkpoint")
    checkpoint = Checkpoint(folder, partial(_key, inputs))
    pool = start_pool(inputs, workers=workers, checkpoint=checkpoint)
    chosen = run_method(method, pool, setting.starting_budget)
    _save(out, inputs.dataset, setting, method_id, seed, chosen)
    checkpoint.discard()


def start_pool(
    inputs: StartInputs, *, workers: int = 1, checkpoint: Checkpoint | None = None
) -> StartPool:
    """The pool as a start method sees it.

    Args:
        inputs: the method and what it chooses from.
        workers: images to work on at the same time.
        checkpoint: stores what ``map`` finishes.
    """
    info, setting = inputs.dataset.info, inputs.setting
    files = {case.id: inputs.dataset.image_file(case.id) for case in info.pool}
    images = ReadAhead(partial(_image, inputs.dataset, files))
    about = PoolInfo(
        shapes={case.id: case.shape for case in info.pool},
        spacing=info.spacing,
        patch_size=setting.patch_size,
        stride=setting.stride,
        candidates=setting.candidates,
        loop=0,
        queries=setting.loops - 1,
        n_classes=len(info.classes),
        labelled=(),
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
    protocol = partial(_protocol, inputs) if sees_labels else None
    return StartPool(PoolView(about, sources), protocol)


def _with_room(data: Path, setting: Setting) -> PreparedDataset:
    """The dataset, whose pool may have room for the setting's budget.

    Raises:
        UserError: if it has none.
    """
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
    return dataset


def _protocol(inputs: StartInputs, n: int) -> list[Patch]:
    return starting_budget(inputs.dataset, inputs.setting.patch_size, n, inputs.seed)


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
        ),
    )


def _key(inputs: StartInputs) -> str:
    """A hash of everything the method's work on an image depends on."""
    method = inputs.method
    return key_of(
        [
            *(inputs.dataset.info.checksum, inputs.setting.model_dump_json(), inputs.names),
            code_hash(type(method)),
            repr(getattr(method, "parameters", None)),
        ]
    )


def _image(dataset: PreparedDataset, files: dict[str, Path], case: str) -> "np.ndarray":
    return dataset.read(files[case])


def _no_labels(case: str) -> "np.ndarray":
    raise UserError(f"{case}: nothing is labelled before the start")
