"""Step: let a method choose the next patches."""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from inspect import getattr_static
from pathlib import Path
from typing import TYPE_CHECKING

from nnactive.answers.isolation import Isolation
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
from nnactive.steps.pool_files import PoolFacts, PoolFiles, facts_of

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
    facts: PoolFacts | None = None
    """What is known of the dataset where its own description isn't at hand."""

    @property
    def names(self) -> tuple[str, str, int, int]:
        """Names of the method's random streams."""
        return self.setting.name, self.method_id, self.seed, self.loop


@dataclass(frozen=True)
class Chosen:
    """What a method chose, and saved for its next query."""

    patches: list[Patch]
    state: bytes | None = None


def query(
    inputs: QueryInputs,
    out: Path,
    device: str,
    *,
    workers: int = 1,
    progress: Progress | None = None,
    part: Part | None = None,
) -> None:
    """Write the patches that a method chooses for a loop to ``out``, in this very process.

    For the benchmark's own code: nothing keeps the method from what this process can read. What it
    saves for the next query lies beside ``out``, which has its hash; a query that fails or is
    interrupted saves nothing. See `decide` for the arguments and errors.
    """
    chosen = decide(
        inputs, checkpoint_folder(out), device, workers=workers, progress=progress, part=part
    )
    if chosen is not None:
        facts = inputs.facts or facts_of(PreparedDataset(inputs.data))
        write_choice(out, inputs.names, facts.name, chosen, "trusted")
        shutil.rmtree(checkpoint_folder(out), ignore_errors=True)


def write_choice(
    out: Path,
    names: tuple[str, str, int, int],
    dataset: str,
    chosen: Chosen,
    isolation: Isolation,
) -> None:
    """Write a loop file, and beside it the state.

    Args:
        out: the loop file.
        names: `QueryInputs.names`.
        dataset: its name.
        chosen: checked patches, and the state.
        isolation: how the code that chose them was kept from labels.
    """
    setting, method, seed, loop = names
    made = Query(
        dataset=dataset,
        setting=setting,
        method=method,
        seed=seed,
        loop=loop,
        patches=record(chosen.patches),
        isolation=isolation,
    )
    save_query(out, made, chosen.state)


def decide(
    inputs: QueryInputs,
    kept: Path,
    device: str,
    *,
    workers: int = 1,
    progress: Progress | None = None,
    part: Part | None = None,
) -> Chosen | None:
    """What a method chooses for a loop, and saves.

    Finished work lies in a folder, so that an interrupted query resumes. With a ``part``, only that
    share of the images is done: several processes or machines that see the same folder do a part
    each, then the query without a part does the rest.

    The method sees images, predictions and what is labelled so far. The labels it sees come from
    the training folder, which holds no others; the pool's complete label maps are opened only for
    a method that declares that it uses ground truth.

    Args:
        inputs: the method and what it chooses from.
        kept: folder of the finished work; whoever writes the choice removes it.
        device: where to predict, as ``pick_device`` takes it.
        workers: images to work on at the same time; doesn't affect the choice.
        progress: called after each image.
        part: the share of the images to do, among those of the method's first `PoolView.map`; a
            method that doesn't call it has nothing to share.

    Returns:
        None if a part is done.

    Raises:
        MethodError: if the method breaks its contract.
        PredictionError: if the ensemble's output is unusable.
    """
    files = PoolFiles(inputs.data, inputs.facts)
    checkpoint = Checkpoint(kept, partial(_key, inputs, files.facts), part)
    pool = open_pool(inputs, device, workers=workers, progress=progress, checkpoint=checkpoint)
    try:
        patches = choose(inputs, pool)
    except PartDone:
        if not checkpoint.part_done:
            raise MethodError(
                f"{inputs.method.name}: raised PartDone, which only pool.map does"
            ) from None
        return None
    if part:
        return None  # the method never called map, so there was nothing to share
    return Chosen(patches, pool.sources.state.saved)


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
    files = PoolFiles(inputs.data, inputs.facts)
    sources = _sources(inputs, files, device, workers)
    sources = replace(sources, progress=progress, checkpoint=checkpoint)
    if share and inputs.method.needs:
        sources = replace(sources, predictor=share(sources.predictor))
    return OpenPool(_info(inputs, files.facts), sources)


def choose(inputs: QueryInputs, pool: OpenPool) -> list[Patch]:
    """The patches that the method chooses: the query step without its files.

    Raises:
        MethodError: if the method breaks its contract.
        PredictionError: if the ensemble's output is unusable.
    """
    return _resumable(inputs.method, pool.info, pool.sources, inputs.setting.query_size)


def _info(inputs: QueryInputs, facts: PoolFacts) -> PoolInfo:
    """What the method knows of the pool."""
    setting = inputs.setting
    return PoolInfo(
        shapes=facts.shapes,
        spacing=facts.spacing,
        patch_size=setting.patch_size,
        stride=setting.stride,
        candidates=setting.candidates,
        loop=inputs.loop,
        queries=setting.loops - 1,
        n_classes=len(facts.classes),
        labelled=(*facts.given, *load_patches(inputs.queries)),
    )


def _sources(inputs: QueryInputs, files: PoolFiles, device: str, workers: int) -> Sources:
    """What serves the method's requests; the ensemble is loaded only if the method needs it."""
    method = inputs.method
    images = ReadAhead(files.image)
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
        partial_labels=partial(_partial_label, inputs.train, files.facts),
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
        oracle_labels=files.label if getattr_static(method, "oracle") is True else None,
        announce=images.announce,
        files=files_of(type(method)),
    )


def _key(inputs: QueryInputs, facts: PoolFacts) -> str:
    """A hash of everything the method's work on an image depends on."""
    method = inputs.method
    state = load_state(inputs.queries, inputs.method_id)
    return key_of(
        [
            *(facts.checksum, inputs.setting.model_dump_json(), inputs.names),
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


def _partial_label(train: Path, facts: PoolFacts, case: str) -> "np.ndarray":
    import numpy as np

    from nnactive.nnunet.training_folder import has_label, read_partial_label

    if has_label(train, case):
        return read_partial_label(train, case)
    # A person hasn't labelled the case's patches yet.
    return np.full(facts.shapes[case], len(facts.classes), np.int16)
