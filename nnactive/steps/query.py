"""Step: let a method choose the next patches."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nnactive.conduct import conduct
from nnactive.data.prepared import PreparedDataset
from nnactive.devices import is_gpu, pick_device
from nnactive.errors import MethodError, PredictionError
from nnactive.files import sha256
from nnactive.geometry import Patch
from nnactive.kept import Kept, Part, PartDone, code_hash, key_of
from nnactive.methods import QueryMethod
from nnactive.pool import Embed, PoolView, Predict
from nnactive.prediction import Prediction, fold
from nnactive.queries import Query, load_patches, record, save_query
from nnactive.readahead import ReadAhead
from nnactive.settings import Setting

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from nnactive.nnunet.ensemble import Ensemble

OVERLAPPING = 2
"""Images that are worked on at the same time with a GPU: one predicted, one selected from."""


def query(
    data: Path,
    setting: Setting,
    seed: int,
    loop: int,
    method: QueryMethod,
    method_id: str,
    queries: list[Path],
    train: Path,
    members: list[Path],
    workers: int,
    out: Path,
    device: str,
    progress: Callable[[int, int], None] | None = None,
    part: Part | None = None,
) -> None:
    """Write the patches that ``method`` chooses for loop ``loop`` to ``out``.

    What is finished of it is kept in a folder beside ``out`` until it is written, so that an
    interrupted query goes on. With a ``part`` no more is done than that share of the images, into
    that folder, and nothing is written: several processes or machines that see the same folder do
    a part each, then the query without one has the rest to do.

    The method sees images, predictions and what is labelled so far. The labels it sees come from
    the training folder, which holds no others; the pool's own label maps are opened only for a
    method that declares itself an oracle.

    Args:
        data: the prepared dataset.
        setting: gives patch size, stride, candidates and query size.
        seed: seed of the experiment.
        loop: number of the loop that the patches are for, from 1.
        method: an instance of the method.
        method_id: its id, part of its random streams' names.
        queries: loop files of all loops so far.
        train: training folder of the loop before.
        members: the ensemble trained on it.
        workers: images that are worked on at the same time; changes no choice.
        out: the loop file to write.
        device: where to predict, as ``pick_device`` takes it.
        progress: told how many images are done, and of how many.
        part: the share of the images to do, of those that the method's first `PoolView.map` goes
            through; a method without one has no share.

    Raises:
        MethodError: if the method breaks its contract.
        PredictionError: if the ensemble predicts what can't be used.
    """
    dataset = PreparedDataset(data)
    images = ReadAhead(partial(_image, _image_files(dataset)))
    predictor: Predict = _no_predictor
    embedder: Embed | None = None
    if method.needs:
        picked = pick_device(device)
        workers = max(workers, OVERLAPPING) if is_gpu(picked) else workers
        ensemble = _ensemble(setting, train, members, workers, picked)
        predictor = partial(_predict, ensemble, images)
        embedder = partial(_embed, ensemble, images)
    names = (setting.name, method_id, seed, loop)
    labelled = load_patches(queries)

    # A constructor that doesn't call the base class's leaves none.
    parameters = getattr(method, "parameters", None)

    def key() -> str:
        return key_of(
            [
                *(dataset.info.checksum, setting.model_dump_json(), names, code_hash(type(method))),
                repr(parameters),
                [(p.case, p.start, p.size) for p in labelled],
                _ensemble_identity(train, members) if method.needs else None,
            ]
        )

    pool = PoolView(
        shapes={case.id: case.shape for case in dataset.info.pool},
        spacing=dataset.info.spacing,
        patch_size=setting.patch_size,
        stride=setting.stride,
        candidates=setting.candidates,
        loop=loop,
        queries=setting.loops - 1,
        n_classes=len(dataset.info.classes),
        labelled=tuple(labelled),
        images=images,
        partial_labels=partial(_partial_label, train),
        predictor=predictor,
        needs=method.needs,
        names=names,
        embedder=embedder,
        workers=workers,
        oracle_labels=dataset.pool_label if method.oracle else None,
        progress=progress,
        announce=images.announce,
        kept=Kept(_kept_folder(out), key, part),
    )
    try:
        chosen = _resumable(method, pool, setting.query_size)
    except PartDone:
        return
    if part:
        return  # a method that goes through no images: there was nothing to share
    save_query(
        out,
        Query(
            dataset=dataset.info.name,
            setting=setting.name,
            method=method_id,
            seed=seed,
            loop=loop,
            patches=record(chosen),
        ),
    )
    if pool.kept:
        pool.kept.discard()


def _resumable(method: QueryMethod, pool: PoolView, n: int) -> list[Patch]:
    """The method's choice; once more from the start where it can't go on from what is kept.

    That happens to a method that leaves behind in itself what it computes for an image. Where the
    work on an image fails, the rest is kept, and the error is the answer.
    """
    try:
        return conduct(method, pool, n)
    except MethodError:
        kept = pool.kept
        if kept is None or not kept.used or kept.failed or kept.part:
            raise
        return conduct(method, replace(pool, kept=None), n)


def _kept_folder(out: Path) -> Path:
    """Folder for finished work, the same for an output and for its draft, ``.<name>``."""
    return out.with_name(f".{out.name.removeprefix('.')}.kept")


def _ensemble_identity(train: Path, members: list[Path]) -> object:
    from nnactive.nnunet.overlay import training_dataset_json, training_plans

    return training_plans(train), training_dataset_json(train), [sha256(path) for path in members]


def _image_files(dataset: PreparedDataset) -> dict[str, Path]:
    return {case.id: dataset.image_file(case.id) for case in dataset.info.pool}


def _image(files: dict[str, Path], case: str) -> "np.ndarray":
    from nnactive.nnunet.store import read_volume

    return read_volume(files[case])


def _partial_label(train: Path, case: str) -> "np.ndarray":
    from nnactive.nnunet.overlay import read_partial_label

    return read_partial_label(train, case)


def _ensemble(
    setting: Setting, train: Path, members: list[Path], workers: int, device: str
) -> "Ensemble":
    from nnactive.nnunet.ensemble import Ensemble

    return Ensemble(
        train,
        members,
        device=device,
        tile_step=setting.inference.query_tile_step,
        mirror=False,
        workers=workers,
    )


def _predict(
    ensemble: "Ensemble", images: ReadAhead, case: str, needs: frozenset[str]
) -> Prediction:
    read = [images(case)]  # before the turn, so that it overlaps with another image's

    def members() -> "Iterator[Tensor]":
        # Later passes read again: a prediction that is kept doesn't keep the image.
        return ensemble.probabilities(read.pop() if read else images(case))

    with ensemble.turn():
        return fold(case, members, needs, fresh=True)


def _embed(
    ensemble: "Ensemble", images: ReadAhead, case: str, patches: Sequence[Patch]
) -> "np.ndarray":
    import numpy as np

    image = images(case)
    with ensemble.turn():
        embeddings = ensemble.embeddings(image, patches)
    if not np.isfinite(embeddings).all():
        raise PredictionError(
            f"{case}: a member's features are NaN or infinite; "
            "its training diverged, train the folds again"
        )
    return embeddings


def _no_predictor(case: str, _: frozenset[str]) -> Prediction:
    raise MethodError(f"{case}: no prediction, as the class declares needs = frozenset()")
