"""Step: let a method choose the next patches."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nnactive.conduct import conduct
from nnactive.data.prepared import PreparedDataset
from nnactive.errors import MethodError
from nnactive.methods import QueryMethod
from nnactive.pool import PoolView, Predict
from nnactive.prediction import Prediction, fold
from nnactive.queries import Query, load_patches, record, save_query
from nnactive.settings import Setting

if TYPE_CHECKING:
    import numpy as np


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
) -> None:
    """Write the patches that ``method`` chooses for loop ``loop`` to ``out``.

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
        device: where to predict, ``cpu`` or ``cuda``.
        progress: told how many images are done, and of how many.

    Raises:
        MethodError: if the method breaks its contract.
    """
    dataset = PreparedDataset(data)
    predictor: Predict = _no_predictor
    if method.needs:
        predictor = _predictor(dataset, setting, train, members, workers, device)
    pool = PoolView(
        shapes={case.id: case.shape for case in dataset.info.pool},
        spacing=dataset.info.spacing,
        patch_size=setting.patch_size,
        stride=setting.stride,
        candidates=setting.candidates,
        loop=loop,
        queries=setting.loops - 1,
        n_classes=len(dataset.info.classes),
        labelled=tuple(load_patches(queries)),
        images=partial(_image, _image_files(dataset)),
        partial_labels=partial(_partial_label, train),
        predictor=predictor,
        needs=method.needs,
        names=(setting.name, method_id, seed, loop),
        workers=workers,
        oracle_labels=dataset.pool_label if method.oracle else None,
        progress=progress,
    )
    chosen = conduct(method, pool, setting.query_size)
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


def _image_files(dataset: PreparedDataset) -> dict[str, Path]:
    return {case.id: dataset.image_file(case.id) for case in dataset.info.pool}


def _image(files: dict[str, Path], case: str) -> "np.ndarray":
    from nnactive.nnunet.store import read_volume

    return read_volume(files[case])


def _partial_label(train: Path, case: str) -> "np.ndarray":
    from nnactive.nnunet.overlay import read_partial_label

    return read_partial_label(train, case)


def _predictor(
    dataset: PreparedDataset,
    setting: Setting,
    train: Path,
    members: list[Path],
    workers: int,
    device: str,
) -> Predict:
    from nnactive.nnunet.ensemble import Ensemble
    from nnactive.nnunet.members import pick_device

    files = _image_files(dataset)
    ensemble = Ensemble(
        train,
        members,
        device=pick_device(device),
        tile_step=setting.inference.query_tile_step,
        mirror=False,
        workers=workers,
    )

    def predict(case: str, needs: frozenset[str]) -> Prediction:
        return fold(case, lambda: ensemble.probabilities(_image(files, case)), needs)

    return predict


def _no_predictor(case: str, _: frozenset[str]) -> Prediction:
    raise MethodError(f"{case}: no prediction, as the class declares needs = frozenset()")
