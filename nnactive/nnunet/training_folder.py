"""Training folders: a loop's partial labels, with links to the images that all experiments share.

A training folder is what nnU-Net calls a preprocessed dataset. Only the label maps of cases with
new patches in this loop are written; everything else links to the store and to the previous loop.
"""

import os
import pickle
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nnactive.errors import UserError
from nnactive.geometry import Patch
from nnactive.io.files import (
    atomic_folder,
    is_link_to,
    link,
    read_json,
    relink,
    write_bytes,
    write_json,
    write_text,
)
from nnactive.nnunet.plans import adapt, folder_names, network_patch
from nnactive.nnunet.store import read_volume, write_volume
from nnactive.settings import Training

FINGERPRINT_LINK = "dataset_fingerprint.json"
"""Leads to the fingerprint, which training copies and prediction doesn't need."""
LOCATIONS_PER_CLASS = 10_000
"""Minimum number of a class's voxels that sampling may choose from (nnU-Net's number) ..."""
LOCATIONS_SHARE = 0.01
"""... and the minimum share of them."""


def class_locations(
    label: np.ndarray, patches: list[Patch], classes: int, rng: np.random.Generator
) -> dict[Any, np.ndarray]:
    """Labelled voxels by class, in the form that nnU-Net's loader expects.

    Args:
        label: partial label map ``(Z, Y, X)``.
        patches: the case's labelled patches, which don't overlap.
        classes: number of classes, background included; ``classes`` itself is the ignore label.
        rng: draws the subset if a class has more voxels than needed.

    Returns:
        ``{foreground class: (n, 4)}`` and, under nnU-Net's key for "any label", all labelled
        voxels; each row is (0, z, y, x) in voxels.
    """
    coordinates = np.concatenate(
        [np.argwhere(label[patch.slices] < classes) + patch.start for patch in patches]
    )
    values = label[tuple(coordinates.T)]
    rows = np.concatenate([np.zeros((len(coordinates), 1), np.int64), coordinates], axis=1)
    found: dict[Any, np.ndarray] = {
        value: _subset(rows[values == value], rng) for value in range(1, classes)
    }
    found[(-1, *range(classes))] = _subset(rows, rng)
    return found


def _subset(rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    keep = max(min(LOCATIONS_PER_CLASS, len(rows)), int(np.ceil(len(rows) * LOCATIONS_SHARE)))
    return rows if keep >= len(rows) else rows[rng.choice(len(rows), keep, replace=False)]


def write_training_folder(
    out: Path,
    *,
    plans_file: Path,
    dataset_json_file: Path,
    fingerprint_file: Path,
    training: Training,
    images: Mapping[str, Path],
    fresh: list[str],
    relabel: Callable[[str], tuple[np.ndarray, dict[Any, np.ndarray]]],
    previous: Path | None,
    validation_folds: list[list[str]],
    notes: Mapping[str, str],
    done: Path,
) -> None:
    """Write a training folder, atomically.

    Args:
        out: the folder.
        plans_file: the dataset's plans; another network than the default has its own.
        dataset_json_file: the dataset's ``dataset.json``, with the ignore label.
        fingerprint_file: the dataset's fingerprint, which nnU-Net copies.
        training: written into the plans.
        images: image file of every labelled case.
        fresh: the cases with new patches in this loop.
        relabel: makes a fresh case's partial label map ``(Z, Y, X)`` and class locations.
        previous: training folder of the previous loop, which has all other labelled cases.
        validation_folds: cases of each fold's validation set; an empty one leaves none out.
        notes: text of further files in the folder, by name.
        done: a folder on the same disk for the fresh cases' files, where another attempt finds
            them; whoever calls this removes it.
    """
    plans = _plans(plans_file, dataset_json_file, fingerprint_file, training, previous)
    dataset_name, cases_name = folder_names(plans)
    with atomic_folder(out) as draft:
        dataset = draft / dataset_name
        cases = dataset / cases_name
        cases.mkdir(parents=True)
        for name, text in notes.items():
            write_text(draft / name, text)
        write_json(dataset / "plans.json", plans)
        write_json(dataset / "splits_final.json", _splits(sorted(images), validation_folds))
        link(dataset_json_file, dataset / "dataset.json")
        link(fingerprint_file, dataset / FINGERPRINT_LINK)
        for case, image in images.items():
            link(image, cases / f"{case}.b2nd")
            if case in fresh:
                names = (f"{case}_seg.b2nd", f"{case}.pkl")
                if not (done / names[1]).is_file():
                    label, locations = relabel(case)
                    write_volume(done / names[0], label[None], network_patch(plans))
                    # Last, because its presence marks the case as done.
                    write_bytes(done / names[1], pickle.dumps({"class_locations": locations}))
                for name in names:
                    _same_file(done / name, cases / name)
            else:
                before = _cases_folder(previous) if previous else cases
                link(before / f"{case}_seg.b2nd", cases / f"{case}_seg.b2nd")
                link(before / f"{case}.pkl", cases / f"{case}.pkl")


def _plans(
    plans_file: Path,
    dataset_json_file: Path,
    fingerprint_file: Path,
    training: Training,
    previous: Path | None,
) -> dict[str, Any]:
    """The dataset's plans, or another network's, with the training in them.

    Another network's are the previous loop's, or planned now. nnU-Net's planners read the same
    fingerprint and ask for the same images, so no dataset is prepared twice for two networks.
    """
    plans: dict[str, Any] = read_json(plans_file)
    if training.network is not None and previous is not None:
        plans = training_plans(previous)
    elif training.network is not None:
        from nnactive.nnunet.planning import plan

        name, measured = plans["dataset_name"], read_json(fingerprint_file)
        plans = plan(name, read_json(dataset_json_file), measured, training.network)
    return adapt(plans, training)


def _same_file(source: Path, name: Path) -> None:
    """The same file under another name; a copy where the file system has no hard links."""
    try:
        os.link(source, name)
    except OSError:
        shutil.copyfile(source, name)


def follow(
    train: Path, *, dataset_json_file: Path, fingerprint_file: Path, images: Mapping[str, Path]
) -> None:
    """Point a training folder's links at its dataset, if that has moved.

    Args:
        train: the folder; its links to other training folders stay valid when all move together.
        dataset_json_file: as for ``write_training_folder``.
        fingerprint_file: likewise.
        images: image file of every labelled case.
    """
    dataset, cases = _dataset_folder(train), _cases_folder(train)
    if is_link_to(dataset_json_file, dataset / "dataset.json"):
        return
    for case, image in images.items():
        relink(image, cases / f"{case}.b2nd")
    relink(fingerprint_file, dataset / FINGERPRINT_LINK)
    # Last, since its link tells whether all of them are right.
    relink(dataset_json_file, dataset / "dataset.json")


def stand_in(train: Path, out: Path, *, dataset_json_file: Path) -> Path:
    """A training folder to predict with, whose dataset is where it is now.

    Returns ``train`` if its links are right. Otherwise the links of ``train``, which a run may be
    using elsewhere, stay as they are, and a folder that leads to its content is made at ``out``.
    """
    dataset = _dataset_folder(train)
    if is_link_to(dataset_json_file, dataset / "dataset.json"):
        return train
    own = out / dataset.name
    own.mkdir(parents=True)
    link(dataset_json_file, own / "dataset.json")
    link(dataset / "plans.json", own / "plans.json")
    link(_cases_folder(train), own / _cases_folder(train).name)
    return out


def has_label(train: Path, case: str) -> bool:
    """Whether a case is among a training folder's labelled ones."""
    return (_cases_folder(train) / f"{case}_seg.b2nd").exists()


def read_partial_label(train: Path, case: str) -> np.ndarray:
    """Partial label map ``(Z, Y, X)`` of a labelled case, with the ignore label elsewhere."""
    label: np.ndarray = read_volume(_cases_folder(train) / f"{case}_seg.b2nd")[0]
    return label


def training_plans(train: Path) -> dict[str, Any]:
    """The plans of a training folder, including the setting's training."""
    plans: dict[str, Any] = read_json(_dataset_folder(train) / "plans.json")
    return plans


def training_splits(train: Path) -> list[dict[str, list[str]]]:
    """Cases that each fold trains on, and those that it leaves out, of a training folder."""
    splits: list[dict[str, list[str]]] = read_json(_dataset_folder(train) / "splits_final.json")
    return splits


def training_dataset_json(train: Path) -> dict[str, Any]:
    """nnU-Net's ``dataset.json`` of a training folder."""
    description: dict[str, Any] = read_json(_dataset_folder(train) / "dataset.json")
    return description


def _dataset_folder(train: Path) -> Path:
    found = sorted(train.glob("*/plans.json"))
    if not found:
        raise UserError(f"{train}: not a training folder (no plans.json); run the annotate step")
    return found[0].parent


def _cases_folder(train: Path) -> Path:
    dataset = _dataset_folder(train)
    return dataset / folder_names(read_json(dataset / "plans.json"))[1]


def _splits(everything: list[str], validation_folds: list[list[str]]) -> list[dict[str, list[str]]]:
    return [
        {"train": [case for case in everything if case not in set(fold)], "val": sorted(fold)}
        for fold in validation_folds
    ]
