"""Step: label the chosen patches and write the folder that the next ensemble trains on."""

import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from nnactive.data.prepare.memo import Memo, key_of
from nnactive.data.prepared import (
    DESCRIPTION,
    FINGERPRINT,
    IMAGES,
    PreparedDataset,
    volume_file,
)
from nnactive.geometry import Patch
from nnactive.io.files import read_model
from nnactive.io.models import StateFile, file_text
from nnactive.io.queries import START, load_patches, load_query
from nnactive.labels import count_boundary, count_labelled, partial_label
from nnactive.nnunet.training_folder import class_locations, follow, write_training_folder
from nnactive.settings import Setting
from nnactive.steps.folds import assign_folds
from nnactive.steps.twins import set_name
from nnactive.streams import stream

LABELLED = "labelled.json"


class Labelled(StateFile):
    """What is labelled after a loop."""

    patches: int
    cases: dict[str, tuple[int, ...]]
    """Labelled voxels per class, background included, of each labelled case."""
    boundary: dict[str, tuple[int, ...]] | None = None
    """Boundary voxels per foreground class of each labelled case; None: not counted."""
    set_name: str | None = None
    """Name of the set of patches; None: written before it was recorded, by other draws."""

    @property
    def voxels(self) -> int:
        """All labelled voxels."""
        return sum(sum(counts) for counts in self.cases.values())

    @property
    def foreground(self) -> tuple[int, ...]:
        """Labelled voxels per foreground class, in label order."""
        return tuple(sum(column) for column in zip(*self.cases.values(), strict=True))[1:]

    @property
    def effort(self) -> tuple[int, ...] | None:
        """Boundary voxels per foreground class, in label order; None: not counted."""
        if self.boundary is None:
            return None
        return tuple(sum(column) for column in zip(*self.boundary.values(), strict=True))


def labelled_file(train: Path) -> Path:
    """File of a training folder that records what is labelled."""
    return train / LABELLED


def labelled_set(train: Path) -> str | None:
    """Name of the set of patches that a training folder has labels of; None: not recorded."""
    return read_model(labelled_file(train), Labelled).set_name


def annotate(
    data: Path, setting: Setting, seed: int, queries: list[Path], previous: Path | None, out: Path
) -> None:
    """Write the training folder of a loop from all patches chosen so far.

    Finished cases lie beside ``out`` until it is written, so that an interrupted call resumes.

    Args:
        data: the prepared dataset.
        setting: gives the training and the number of folds.
        seed: seed of the experiment.
        queries: the loop files so far, including this loop's.
        previous: training folder of the previous loop; None for loop 0.
        out: the training folder to write.

    Raises:
        UserError: if the labelled cases can't be split into folds.
    """
    dataset = PreparedDataset(data)
    classes = len(dataset.info.classes)
    loops = sorted((load_query(path) for path in queries), key=lambda query: query.loop)
    patches = load_patches(queries)
    # Named by the set and not by the method: the same patches make the same training folder.
    names = (setting.name, set_name(patches), seed, loops[-1].loop)
    by_case = _by_case(patches)
    fresh = sorted({patch.case for patch in loops[-1].patches})
    done = _done_cases(out, key_of([dataset.info.checksum, *names]))

    def relabel(case: str) -> tuple[np.ndarray, dict[Any, np.ndarray]]:
        label = partial_label(dataset.pool_label(case), by_case[case], classes)
        draw = stream(*names, "locations", case)
        return label, class_locations(label, by_case[case], classes, draw)

    before = read_model(labelled_file(previous), Labelled) if previous else None
    labelled = _count(dataset, by_case, fresh, before, done / "counts")
    labelled = labelled.model_copy(update={"set_name": names[1]})
    present = {case: [c for c, n in enumerate(row) if n] for case, row in labelled.cases.items()}
    # Only the protocol's starting budget makes sure of every class; another start may miss some.
    folds = assign_folds(
        present,
        setting.training.folds,
        stream(*names, "folds"),
        dataset.info.classes,
        complete=loops[0].method == START,
    )
    write_training_folder(
        out,
        plans_file=dataset.plans_file,
        dataset_json_file=dataset.dataset_json_file,
        fingerprint_file=dataset.fingerprint_file,
        training=setting.training,
        images={case: dataset.image_file(case) for case in sorted(by_case)},
        fresh=fresh,
        relabel=relabel,
        previous=previous,
        validation_folds=folds,
        notes={LABELLED: file_text(labelled)},
        done=done,
    )
    shutil.rmtree(done.parent, ignore_errors=True)


def follow_dataset(data: Path, train: Path) -> None:
    """Repair a training folder whose dataset has moved since it was written.

    Args:
        data: the prepared dataset, or where it will be.
        train: the training folder; left alone if its links are right.
    """
    labelled = read_model(labelled_file(train), Labelled)
    follow(
        train,
        dataset_json_file=data / DESCRIPTION,
        fingerprint_file=data / FINGERPRINT,
        images={case: volume_file(data, IMAGES, case) for case in labelled.cases},
    )


def _done_cases(out: Path, key: str) -> Path:
    """Where attempts at ``out`` keep finished cases; those of another key are removed."""
    work = out.with_name(f".{out.name.removeprefix('.')}.work")
    for other in work.glob("*"):
        if other.name != key:
            shutil.rmtree(other)
    return work / key


def _count(
    dataset: PreparedDataset,
    by_case: dict[str, list[Patch]],
    fresh: list[str],
    before: Labelled | None,
    done: Path,
) -> Labelled:
    """What is labelled; recounts cases with new patches or without boundary counts."""
    classes = len(dataset.info.classes)
    counts = dict(before.cases) if before else {}
    boundary = dict(before.boundary or {}) if before else {}
    memo = Memo(done, lambda _: "")
    for case in sorted(by_case):
        if memo.has(case):
            counts[case], boundary[case] = memo.get(case)
        elif case in fresh or case not in boundary:
            label = partial_label(dataset.pool_label(case), by_case[case], classes)
            counts[case] = count_labelled(label, by_case[case], classes)
            boundary[case] = count_boundary(label, by_case[case], classes)
            memo.add(case, (counts[case], boundary[case]))
    return Labelled(
        patches=sum(len(patches) for patches in by_case.values()),
        cases={case: counts[case] for case in sorted(by_case)},
        boundary={case: boundary[case] for case in sorted(by_case)},
    )


def _by_case(patches: list[Patch]) -> dict[str, list[Patch]]:
    by_case: dict[str, list[Patch]] = defaultdict(list)
    for patch in patches:
        by_case[patch.case].append(patch)
    return by_case
