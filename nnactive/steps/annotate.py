"""Step: label the chosen patches and write the folder that the next ensemble trains on."""

import operator
import shutil
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from nnactive.answers.patch_rules import problems
from nnactive.data.prepare.memo import Memo, key_of
from nnactive.data.prepared import (
    DESCRIPTION,
    FINGERPRINT,
    IMAGES,
    PreparedDataset,
    volume_file,
)
from nnactive.effort import Effort, Work, total
from nnactive.errors import UserError
from nnactive.geometry import Patch
from nnactive.io.files import read_model
from nnactive.io.models import StateFile, file_text
from nnactive.io.queries import START, Query, load_patches, load_query
from nnactive.labels import count_boundary, count_labelled, count_work
from nnactive.nnunet.training_folder import class_locations, follow, write_training_folder
from nnactive.oracle.base import Oracle
from nnactive.oracle.choose import oracle_of
from nnactive.settings import Annotator, Setting
from nnactive.steps.folds import assign_folds
from nnactive.steps.twins import corrected, set_name
from nnactive.streams import seed as seed_of
from nnactive.streams import stream

LABELLED = "labelled.json"


class Labelled(StateFile):
    """What is labelled after a loop."""

    patches: int
    cases: dict[str, tuple[int, ...]]
    """Labelled voxels per class, background included, of each labelled case."""
    boundary: dict[str, tuple[int, ...]] | None = None
    """Boundary voxels per foreground class of each labelled case; None: not counted."""
    work: dict[str, Work] | None = None
    """What was there to draw in each labelled case; None: not counted."""
    slice_axis: Annotated[int, Field(exclude_if=operator.not_)] = 0
    """Axis across which slices were counted."""
    images: int | None = None
    """How often an annotator has opened an image: the cases of each loop, summed over loops; None:
    not counted."""
    set_name: str | None = None
    """Name of the set of patches; None: written before it was recorded, by other draws."""
    training_seed: int | None = None
    """What the trainings on these labels draw from, a stream a fold; None: chance."""
    versions: Annotated[dict[str, str], Field(exclude_if=operator.not_)] = Field(
        default_factory=dict
    )
    """Name of each case's labels where they may be corrected, by `Oracle.version`; empty, and not
    in the file, where they never change."""

    @property
    def voxels(self) -> int:
        """All labelled voxels."""
        return sum(sum(counts) for counts in self.cases.values())

    @property
    def present(self) -> dict[str, list[int]]:
        """Classes that are labelled in each labelled case."""
        return {case: [c for c, n in enumerate(row) if n] for case, row in self.cases.items()}

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

    @property
    def total_work(self) -> Effort | None:
        """What labelling has taken beside voxels; None: not counted."""
        if self.work is None or self.images is None:
            return None
        return total(self.work.values(), len(self.foreground), self.images)


def labelled_file(train: Path) -> Path:
    """File of a training folder that records what is labelled."""
    return train / LABELLED


def labelled_set(train: Path) -> str | None:
    """Name of the set of patches that a training folder has labels of; None: not recorded."""
    return read_model(labelled_file(train), Labelled).set_name


def training_seed(train: Path, fold: int) -> int | None:
    """What the training of a fold on a training folder draws from; None: chance."""
    if not labelled_file(train).is_file():
        return None
    drawn = read_model(labelled_file(train), Labelled).training_seed
    return None if drawn is None else seed_of("fold", drawn, fold)


def annotate(
    data: Path, setting: Setting, seed: int, queries: list[Path], previous: Path | None, out: Path
) -> None:
    """Write the training folder of a loop from all patches chosen so far.

    Where a person labels, patches that they haven't labelled yet stay "ignore" and come with a
    later loop; so do corrections of what an earlier loop labelled. Finished cases lie beside
    ``out`` until it is written, so that an interrupted call resumes.

    Args:
        data: the prepared dataset.
        setting: gives the training, the number of folds and the annotator.
        seed: seed of the experiment.
        queries: the loop files so far, including this loop's.
        previous: training folder of the previous loop; None for loop 0.
        out: the training folder to write.

    Raises:
        UserError: if the labelled cases can't be split into folds, nothing is labelled, or a loop
            file has other patches than a query may choose: nothing else is labelled, whoever wrote
            it.
    """
    dataset = PreparedDataset(data)
    loops = sorted((load_query(path) for path in queries), key=lambda query: query.loop)
    _check(loops, dataset, setting)
    oracle = oracle_of(dataset, setting.annotator, seed)
    patches = oracle.labelled([*dataset.given, *load_patches(queries)])
    if not patches:
        raise UserError(f"{dataset.info.name}: nothing is labelled yet; label a patch first")
    by_case = _by_case(patches)
    versions = {case: oracle.version(case, by_case[case]) for case in sorted(by_case)}
    # Named by the set and not by the method: the same patches make the same training folder.
    names = (setting.name, corrected(set_name(patches), versions), seed, loops[-1].loop)
    fresh = set(by_case)
    if previous:
        before = read_model(labelled_file(previous), Labelled).versions
        fresh &= {patch.case for patch in loops[-1].patches}
        fresh |= {case for case, name in versions.items() if name != before.get(case, "")}
    person = dataset.info.labels_in is not None
    # Only the protocol's starting budget makes sure of every class; another start may miss some,
    # and so may an annotator or a person.
    complete = loops[0].method == START and setting.annotator is None and not person
    images = len({(patch.loop, patch.case) for patch in patches})
    _write(
        dataset,
        setting,
        names,
        by_case,
        sorted(fresh),
        previous,
        out,
        images,
        oracle=oracle,
        versions={case: name for case, name in versions.items() if name},
        errs=setting.annotator,
        complete=complete,
        few=person,
    )


def annotate_all(data: Path, setting: Setting, seed: int, out: Path) -> None:
    """Write the training folder of the full-data reference: every voxel of the pool is labelled.

    An annotator's errors play no part: what is left to gain is measured against the pool's labels.

    Args:
        data: the prepared dataset.
        setting: gives the training and the number of folds.
        seed: names folds and trainings.
        out: the training folder to write.
    """
    dataset = PreparedDataset(data)
    whole = [Patch(case.id, (0, 0, 0), case.shape) for case in dataset.info.pool]
    names = (setting.name, set_name(whole), seed, 0)
    by_case = _by_case(whole)
    _write(
        dataset,
        setting,
        names,
        by_case,
        sorted(by_case),
        None,
        out,
        len(whole),
        oracle=oracle_of(dataset, None, seed),
    )


def _write(
    dataset: PreparedDataset,
    setting: Setting,
    names: tuple[str, str, int, int],
    by_case: dict[str, list[Patch]],
    fresh: list[str],
    previous: Path | None,
    out: Path,
    images: int,
    *,
    oracle: Oracle,
    versions: dict[str, str] | None = None,
    errs: Annotator | None = None,
    complete: bool = False,
    few: bool = False,
) -> None:
    """Write a training folder with the labels of patches; its draws are called ``names``.

    What patches are corrected to is part of the names, so another version's work isn't continued.
    """
    classes, across = len(dataset.info.classes), dataset.info.slice_axis
    how = [] if errs is None else [errs.model_dump()]
    axis = [across] if across else []
    done = _done_cases(out, key_of([dataset.info.checksum, *names, *how, *axis]))

    def drawn(case: str) -> np.ndarray:
        return oracle.labels(case, by_case[case])

    def relabel(case: str) -> tuple[np.ndarray, dict[Any, np.ndarray]]:
        label = drawn(case)
        draw = stream(*names, "locations", case)
        return label, class_locations(label, by_case[case], classes, draw)

    before = read_model(labelled_file(previous), Labelled) if previous else None
    draws = seed_of(*names, "training") if setting.training.seeded else None
    more = {"images": images, "set_name": names[1], "training_seed": draws}
    labelled = _count(drawn, by_case, classes, fresh, before, across, done / "work").model_copy(
        update=more | {"versions": versions or {}}
    )
    draw, folds = stream(*names, "folds"), setting.training.folds
    left_out = assign_folds(
        labelled.present, folds, draw, dataset.info.classes, complete=complete, few=few
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
        validation_folds=left_out,
        notes={LABELLED: file_text(labelled)},
        done=done,
    )
    shutil.rmtree(done.parent, ignore_errors=True)


def _check(loops: list[Query], dataset: PreparedDataset, setting: Setting) -> None:
    """Refuse patches that no query may choose, before anything is labelled.

    Raises:
        UserError: names the first one, or the loop that has too many.
    """
    numbers = [query.loop for query in loops]
    if numbers != list(range(len(loops))):
        raise UserError(f"loop files of the loops {numbers}; give one of each loop from 0 on")
    for query in loops:
        allowed = setting.query_size if query.loop else setting.starting_budget
        if len(query.patches) > allowed:
            raise UserError(
                f"loop {query.loop}: {len(query.patches)} patches, {allowed} may be labelled; "
                "remove its loop file and run again"
            )
    shapes = {case.id: case.shape for case in dataset.info.pool}
    placed = [[Patch(p.case, p.start, p.size) for p in query.patches] for query in loops]
    for problem in problems(placed, shapes, setting.patch_size, dataset.given):
        raise UserError(f"{problem}; remove its loop file and run again")


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
    drawn: Callable[[str], np.ndarray],
    by_case: dict[str, list[Patch]],
    classes: int,
    fresh: list[str],
    before: Labelled | None,
    across: int,
    done: Path,
) -> Labelled:
    """What is labelled; recounts cases with new patches or without counts of all kinds."""
    counts = dict(before.cases) if before else {}
    boundary = dict(before.boundary or {}) if before else {}
    work = dict(before.work or {}) if before and before.slice_axis == across else {}
    memo = Memo(done, lambda _: "")
    for case in sorted(by_case):
        if memo.has(case):
            counts[case], boundary[case], worked = memo.get(case)
            work[case] = Work.model_validate(worked)
        elif case in fresh or case not in boundary or case not in work:
            label = drawn(case)
            counts[case] = count_labelled(label, by_case[case], classes)
            boundary[case] = count_boundary(label, by_case[case], classes)
            work[case] = count_work(label, by_case[case], classes, across)
            memo.add(case, (counts[case], boundary[case], work[case].model_dump()))
    return Labelled(
        patches=sum(len(patches) for patches in by_case.values()),
        cases={case: counts[case] for case in sorted(by_case)},
        boundary={case: boundary[case] for case in sorted(by_case)},
        work={case: work[case] for case in sorted(by_case)},
        slice_axis=across,
    )


def _by_case(patches: list[Patch]) -> dict[str, list[Patch]]:
    by_case: dict[str, list[Patch]] = defaultdict(list)
    for patch in patches:
        by_case[patch.case].append(patch)
    return by_case
