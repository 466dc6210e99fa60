"""Step: let a method choose the next patches."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nnactive.data.prepared import PreparedDataset
from nnactive.errors import MethodError
from nnactive.geometry import Patch
from nnactive.io.files import sha256
from nnactive.io.queries import Query, load_patches, record, save_query
from nnactive.methods import QueryMethod
from nnactive.methods.run_method import run_method
from nnactive.query.checkpoint import Kept, Part, PartDone, code_hash, key_of
from nnactive.query.pool import PoolView
from nnactive.query.readahead import ReadAhead
from nnactive.settings import Setting
from nnactive.steps.network import Network, no_predictor, open_network

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class QueryInputs:
    """All that the choice of the next patches depends on."""

    data: Path
    """The prepared dataset."""
    setting: Setting
    """Gives patch size, stride, candidates and query size."""
    seed: int
    """Of the experiment."""
    loop: int
    """Number of the loop that the patches are for, from 1."""
    method: QueryMethod
    method_id: str
    """Part of its random streams' names."""
    queries: tuple[Path, ...]
    """Loop files of all loops so far."""
    train: Path
    """Training folder of the loop before."""
    members: tuple[Path, ...]
    """The ensemble trained on it."""

    @property
    def names(self) -> tuple[str, str, int, int]:
        """Of the method's random streams."""
        return self.setting.name, self.method_id, self.seed, self.loop


def query(
    inputs: QueryInputs,
    out: Path,
    device: str,
    *,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
    part: Part | None = None,
) -> None:
    """Write the patches that a method chooses for a loop to ``out``.

    What is finished of it is kept in a folder beside ``out`` until it is written, so that an
    interrupted query goes on. With a ``part`` no more is done than that share of the images, into
    that folder, and nothing is written: several processes or machines that see the same folder do
    a part each, then the query without one has the rest to do.

    The method sees images, predictions and what is labelled so far. The labels it sees come from
    the training folder, which holds no others; the pool's own label maps are opened only for a
    method that declares itself an oracle.

    Args:
        inputs: what is asked of which method.
        out: the loop file to write.
        device: where to predict, as ``pick_device`` takes it.
        workers: images that are worked on at the same time; changes no choice.
        progress: told how many images are done, and of how many.
        part: the share of the images to do, of those that the method's first `PoolView.map` goes
            through; a method without one has no share.

    Raises:
        MethodError: if the method breaks its contract.
        PredictionError: if the ensemble predicts what can't be used.
    """
    dataset = PreparedDataset(inputs.data)
    pool = _pool(inputs, dataset, device, workers)
    kept = Kept(_kept_folder(out), partial(_key, inputs, dataset), part)
    pool = replace(pool, progress=progress, kept=kept)
    try:
        chosen = _resumable(inputs.method, pool, inputs.setting.query_size)
    except PartDone:
        return
    if part:
        return  # a method that goes through no images: there was nothing to share
    save_query(
        out,
        Query(
            dataset=dataset.info.name,
            setting=inputs.setting.name,
            method=inputs.method_id,
            seed=inputs.seed,
            loop=inputs.loop,
            patches=record(chosen),
        ),
    )
    kept.discard()


def _pool(inputs: QueryInputs, dataset: PreparedDataset, device: str, workers: int) -> PoolView:
    """What the method sees."""
    info, setting, method = dataset.info, inputs.setting, inputs.method
    files = {case.id: dataset.image_file(case.id) for case in info.pool}
    images = ReadAhead(partial(_image, files))
    network = Network(no_predictor, None, workers)
    if method.needs:
        step = setting.inference.query_tile_step
        network = open_network(
            inputs.train, inputs.members, images, device=device, tile_step=step, workers=workers
        )
    return PoolView(
        shapes={case.id: case.shape for case in info.pool},
        spacing=info.spacing,
        patch_size=setting.patch_size,
        stride=setting.stride,
        candidates=setting.candidates,
        loop=inputs.loop,
        queries=setting.loops - 1,
        n_classes=len(info.classes),
        labelled=tuple(load_patches(inputs.queries)),
        images=images,
        partial_labels=partial(_partial_label, inputs.train),
        predictor=network.predictor,
        needs=method.needs,
        names=inputs.names,
        embedder=network.embedder,
        workers=network.workers,
        oracle_labels=dataset.pool_label if method.oracle else None,
        announce=images.announce,
    )


def _key(inputs: QueryInputs, dataset: PreparedDataset) -> str:
    """A hash of all that the method's work on an image depends on."""
    method = inputs.method
    return key_of(
        [
            *(dataset.info.checksum, inputs.setting.model_dump_json(), inputs.names),
            code_hash(type(method)),
            # A constructor that doesn't call the base class's leaves none.
            repr(getattr(method, "parameters", None)),
            [(p.case, p.start, p.size) for p in load_patches(inputs.queries)],
            _ensemble_identity(inputs.train, inputs.members) if method.needs else None,
        ]
    )


def _resumable(method: QueryMethod, pool: PoolView, n: int) -> list[Patch]:
    """The method's choice; once more from the start where it can't go on from what is kept.

    That happens to a method that leaves behind in itself what it computes for an image. Where the
    work on an image fails, the rest is kept, and the error is the answer.
    """
    try:
        return run_method(method, pool, n)
    except MethodError:
        kept = pool.kept
        if kept is None or not kept.used or kept.failed or kept.part:
            raise
        return run_method(method, replace(pool, kept=None), n)


def _kept_folder(out: Path) -> Path:
    """Folder for finished work, the same for an output and for its draft, ``.<name>``."""
    return out.with_name(f".{out.name.removeprefix('.')}.kept")


def _ensemble_identity(train: Path, members: tuple[Path, ...]) -> object:
    from nnactive.nnunet.training_folder import training_dataset_json, training_plans

    return training_plans(train), training_dataset_json(train), [sha256(path) for path in members]


def _image(files: dict[str, Path], case: str) -> "np.ndarray":
    from nnactive.nnunet.store import read_volume

    return read_volume(files[case])


def _partial_label(train: Path, case: str) -> "np.ndarray":
    from nnactive.nnunet.training_folder import read_partial_label

    return read_partial_label(train, case)
