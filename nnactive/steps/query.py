"""Step: let a method choose the next patches."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from inspect import getattr_static
from pathlib import Path
from typing import TYPE_CHECKING

from nnactive.authored import files_of
from nnactive.data.prepared import PreparedDataset
from nnactive.devices import pick_device
from nnactive.errors import MethodError
from nnactive.geometry import Patch
from nnactive.io.queries import Query, load_patches, load_state, record, save_query
from nnactive.methods import QueryMethod
from nnactive.methods.run_method import run_method
from nnactive.pool.info import PoolInfo
from nnactive.pool.sources import Predict, Sources
from nnactive.pool.state import StateSlot
from nnactive.pool.view import PoolView
from nnactive.query.checkpoint import (
    Checkpoint,
    Part,
    PartDone,
    checkpoint_folder,
    code_hash,
    key_of,
)
from nnactive.query.map_cases import Progress
from nnactive.query.prediction import Need
from nnactive.query.readahead import ReadAhead
from nnactive.settings import Setting
from nnactive.steps.history import PastEnsembles, TrainedLoop, check_complete
from nnactive.steps.network import Network, ensemble_identity, no_predictor, open_network

if TYPE_CHECKING:
    import numpy as np

Share = Callable[[Predict], Predict]
"""Puts another source in front of the ensemble's predictions."""


@dataclass(frozen=True)
class QueryInputs:
    """Everything the choice of the next patches depends on."""

    data: Path
    """The prepared dataset."""
    setting: Setting
    """Gives patch size, stride, candidates and query size."""
    seed: int
    """Seed of the experiment."""
    loop: int
    """Number of the loop to choose patches for, from 1."""
    method: QueryMethod
    method_id: str
    """Part of the names of its random streams."""
    queries: tuple[Path, ...]
    """Loop files of all loops so far."""
    train: Path
    """Training folder of the loop before."""
    members: tuple[Path, ...]
    """The ensemble trained on it."""
    past: tuple[TrainedLoop, ...] = ()
    """The ensembles of the loops before that, from loop 0 on, for a method that looks back."""

    @property
    def names(self) -> tuple[str, str, int, int]:
        """Names of the method's random streams."""
        return self.setting.name, self.method_id, self.seed, self.loop


def query(
    inputs: QueryInputs,
    out: Path,
    device: str,
    *,
    workers: int = 1,
    progress: Progress | None = None,
    part: Part | None = None,
) -> None:
    """Write the patches that a method chooses for a loop to ``out``.

    Until then finished work lies in a folder beside ``out``, so that an interrupted query resumes.
    With a ``part``, only that share of the images is done, and ``out`` isn't written: several
    processes or machines that see the same folder do a part each, then the query without a part
    does the rest. What the method saves for the next query lies beside ``out``, which has its hash;
    a query that fails or is interrupted saves nothing.

    The method sees images, predictions and what is labelled so far. The labels it sees come from
    the training folder, which holds no others; the pool's complete label maps are opened only for
    a method that declares that it uses ground truth.

    Args:
        inputs: the method and what it chooses from.
        out: the loop file to write.
        device: where to predict, as ``pick_device`` takes it.
        workers: images to work on at the same time; doesn't affect the choice.
        progress: called after each image.
        part: the share of the images to do, among those of the method's first `PoolView.map`; a
            method that doesn't call it has nothing to share.

    Raises:
        MethodError: if the method breaks its contract.
        PredictionError: if the ensemble's output is unusable.
    """
    dataset = PreparedDataset(inputs.data)
    checkpoint = Checkpoint(checkpoint_folder(out), partial(_key, inputs, dataset), part)
    pool = open_pool(inputs, device, workers=workers, progress=progress, checkpoint=checkpoint)
    try:
        chosen = choose(inputs, pool)
    except PartDone:
        return
    if part:
        return  # the method never called map, so there was nothing to share
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
        pool.sources.state.saved,
    )
    checkpoint.discard()


@dataclass(frozen=True)
class OpenPool:
    """A pool whose files and ensemble are open; makes views of it."""

    info: PoolInfo
    sources: Sources

    def view(self) -> PoolView:
        """The pool, for one query."""
        return PoolView(self.info, self.sources)


def open_pool(
    inputs: QueryInputs,
    device: str,
    *,
    workers: int = 1,
    progress: Progress | None = None,
    checkpoint: Checkpoint | None = None,
    share: Share | None = None,
) -> OpenPool:
    """The pool as the query step shows it to the method.

    Args:
        inputs: the method and what it chooses from.
        device: where to predict, as ``pick_device`` takes it.
        workers: images to work on at the same time.
        progress: called after each image.
        checkpoint: stores finished work.
        share: puts another source in front of the ensemble's predictions, with the same values.
    """
    dataset = PreparedDataset(inputs.data)
    sources = _sources(inputs, dataset, device, workers)
    sources = replace(sources, progress=progress, checkpoint=checkpoint)
    if share and inputs.method.needs:
        sources = replace(sources, predictor=share(sources.predictor))
    return OpenPool(_info(inputs, dataset), sources)


def choose(inputs: QueryInputs, pool: OpenPool) -> list[Patch]:
    """The patches that the method chooses: the query step without its files.

    Raises:
        MethodError: if the method breaks its contract.
        PredictionError: if the ensemble's output is unusable.
    """
    return _resumable(inputs.method, pool.info, pool.sources, inputs.setting.query_size)


def _info(inputs: QueryInputs, dataset: PreparedDataset) -> PoolInfo:
    """What the method knows of the pool."""
    info, setting = dataset.info, inputs.setting
    return PoolInfo(
        shapes={case.id: case.shape for case in info.pool},
        spacing=info.spacing,
        patch_size=setting.patch_size,
        stride=setting.stride,
        candidates=setting.candidates,
        loop=inputs.loop,
        queries=setting.loops - 1,
        n_classes=len(info.classes),
        labelled=tuple(load_patches(inputs.queries)),
    )


def _sources(inputs: QueryInputs, dataset: PreparedDataset, device: str, workers: int) -> Sources:
    """What serves the method's requests; the ensemble is loaded only if the method needs it."""
    method = inputs.method
    files = {case.id: dataset.image_file(case.id) for case in dataset.info.pool}
    images = ReadAhead(partial(_image, dataset, files))
    network = Network(no_predictor, None, workers)
    step = inputs.setting.inference.query_tile_step
    if method.needs:
        network = open_network(
            inputs.train, inputs.members, images, device=device, tile_step=step, workers=workers
        )
    past = None
    if Need.HISTORY in method.needs:
        check_complete(inputs.past, inputs.loop)

        def load(trained: TrainedLoop) -> Predict:
            return open_network(
                trained.train, trained.members, images, device=device, tile_step=step, workers=1
            ).predictor

        past = PastEnsembles(inputs.past, load).predict
    return Sources(
        images=images,
        partial_labels=partial(_partial_label, inputs.train),
        predictor=network.predictor,
        needs=method.needs,
        names=inputs.names,
        embedder=network.embedder,
        history=past,
        state=StateSlot(load_state(inputs.queries, inputs.method_id)),
        network=network.source,
        device=partial(pick_device, device),
        workers=network.workers,
        # The plain constant: code of the class could answer otherwise than when it was recorded.
        oracle_labels=dataset.pool_label if getattr_static(method, "oracle") is True else None,
        announce=images.announce,
        files=files_of(type(method)),
    )


def _key(inputs: QueryInputs, dataset: PreparedDataset) -> str:
    """A hash of everything the method's work on an image depends on."""
    method = inputs.method
    state = load_state(inputs.queries, inputs.method_id)
    return key_of(
        [
            *(dataset.info.checksum, inputs.setting.model_dump_json(), inputs.names),
            code_hash(type(method)),
            # A constructor that doesn't call the base class's sets none.
            repr(getattr(method, "parameters", None)),
            [(p.case, p.start, p.size, p.loop) for p in load_patches(inputs.queries)],
            ensemble_identity(inputs.train, inputs.members) if method.needs else None,
            [ensemble_identity(past.train, past.members) for past in inputs.past],
            None if state is None else hashlib.sha256(state).hexdigest(),
        ]
    )


def _resumable(method: QueryMethod, info: PoolInfo, sources: Sources, n: int) -> list[Patch]:
    """The method's choice, started over without the checkpoint if it can't resume from it.

    That happens to a method that stores on itself what it computes for an image. If the work on an
    image fails, the other results stay stored and the error is raised.
    """
    try:
        return run_method(method, PoolView(info, sources), n)
    except MethodError:
        checkpoint = sources.checkpoint
        if not checkpoint or not checkpoint.used or checkpoint.failed or checkpoint.part:
            raise
        sources.state.saved = None
        return run_method(method, PoolView(info, replace(sources, checkpoint=None)), n)


def _image(dataset: PreparedDataset, files: dict[str, Path], case: str) -> "np.ndarray":
    return dataset.read(files[case])


def _partial_label(train: Path, case: str) -> "np.ndarray":
    from nnactive.nnunet.training_folder import read_partial_label

    return read_partial_label(train, case)
