"""The stages of a preparation, from converting to storing; each can be resumed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nnactive import PROTOCOL_VERSION
from nnactive.anatomy.axes import towards
from nnactive.data.prepare.job import Job, Stages, case_errors
from nnactive.data.prepare.sizes import (
    CaseSize,
    check_cases,
    resampled_size,
    untransposed,
)
from nnactive.data.prepared import (
    DESCRIPTION,
    FINGERPRINT,
    IMAGES,
    PLANNED,
    PLANS,
    CaseInfo,
    PreparedInfo,
    array_digest,
    dataset_checksum,
    volume_file,
)
from nnactive.data.raw.convert import convert_case, is_needed
from nnactive.data.raw.images import read_direction
from nnactive.data.raw.layout import Found
from nnactive.data.raw.loading import load_case
from nnactive.effort import Work, total
from nnactive.errors import UserError
from nnactive.geometry import Patch, Spacing, Triple, as_triple
from nnactive.io.files import sha256, write_json
from nnactive.labels import boundary_voxels, count_work
from nnactive.nnunet.planning import (
    describe,
    fingerprint,
    plan,
    sample_intensities,
    samples_per_case,
    target_geometry,
)
from nnactive.nnunet.preprocess import normalise, resample, shape_after_crop
from nnactive.nnunet.store import read_volume, volume_shape, write_volume

Target = tuple[Spacing, Triple]
"""Target spacing in mm, (z, y, x) after the transposition, and nnU-Net's ``transpose_forward``."""
CLASS_CASES = 2
"""Pool cases that must contain each class: starting budget and folds both need two."""


def convert_all(job: Job) -> Job:
    """Convert all cases if needed; returns the job with the converted ones."""
    if not is_needed(job.card):
        return job
    found = {case.id: case for case in job.cases}

    def work(case: str) -> Found:
        with case_errors(found[case], job.out):
            return convert_case(found[case], job.card, job.converted)

    return replace(job, cases=tuple(job.each("convert", work, sorted(found))))


def find_target(job: Job) -> Target:
    """Determine the target spacing, the card's or nnU-Net's choice, and the transposition.

    Raises:
        UserError: a file is wrong, or a case doesn't fit in memory at that spacing.
    """
    card = job.card
    if card.spacing is not None:
        return target_geometry(card.nnunet_name, _description(job), [card.spacing], [(1, 1, 1)])
    files = {case.id: case for case in job.cases}

    def measure(case: str) -> tuple[Spacing, Triple, Triple]:
        with case_errors(files[case], job.out):
            loaded = load_case(files[case], len(card.classes))
            cropped = as_triple(shape_after_crop(loaded.image))
            return loaded.spacing, cropped, as_triple(loaded.label.shape)

    ids = sorted(files)
    measured = job.each("measure", measure, ids)
    spacings, shapes = [m[0] for m in measured], [m[1] for m in measured]
    target = target_geometry(card.nnunet_name, _description(job), spacings, shapes)
    # Headers alone gave an estimate; the crop may have changed nnU-Net's choice.
    wanted = untransposed(*target)
    sizes = [
        CaseSize(files[case].files[0], raw, spacing, resampled_size(shape, spacing, wanted), wanted)
        for case, (spacing, shape, raw) in zip(ids, measured, strict=True)
    ]
    check_cases(sizes, len(card.channels))
    return target


def resample_all(job: Job, target: Target) -> None:
    """Resample every case into the scratch folder and store its label.

    Raises:
        UserError: a file is wrong, or too few cases of the pool contain a class.
    """
    spacing, transpose = target
    classes = len(job.card.classes)
    files = {case.id: case for case in job.cases}

    def work(case: str) -> np.ndarray:
        image_file = volume_file(job.scratch, IMAGES, case)
        if image_file.is_file():
            return _present(read_volume(job.label_file(case)), classes)
        with case_errors(files[case], job.out):
            loaded = load_case(files[case], classes)
            image, label = resample(loaded.image, loaded.label, loaded.spacing, spacing, transpose)
        write_volume(job.label_file(case), label, job.card.query_patch)
        # Last, because its presence marks the case as done.
        write_volume(image_file, image, job.card.query_patch)
        return _present(label, classes)

    ids = sorted(files)
    done = job.each(
        "resample",
        work,
        ids,
        of=target,
        there=lambda case: volume_file(job.scratch, IMAGES, case).is_file(),
    )
    present = dict(zip(ids, done, strict=True))
    cases = np.sum([present[case] for case in job.pool], axis=0)
    for name, number in zip(job.card.classes, cases, strict=True):
        if number < CLASS_CASES:
            raise UserError(
                f"{job.card.name}: class '{name}' occurs in {number} of {len(job.pool)} pool "
                f"cases, but {CLASS_CASES} are required; give the complete data, or remove "
                f"'{name}' from the card's 'labels', map its value to 0 in 'label_map' (and "
                f"every other value to its label), and remove {job.out}"
            )


def make_plans(job: Job, spacing: Spacing) -> dict[str, Any]:
    """Make fingerprint and plans of the resampled pool, and write them beside the volumes."""
    return plan_pool(job, job.pool, job.card.nnunet_name, _description(job), spacing)


def plan_pool(
    job: Stages, pool: Sequence[str], name: str, description: dict[str, Any], spacing: Spacing
) -> dict[str, Any]:
    """Make fingerprint and plans of a resampled pool, and write them beside the volumes.

    Args:
        job: the preparation, with the resampled images in its scratch folder.
        pool: the pool's cases.
        name: nnU-Net's dataset name.
        description: content of ``dataset.json``.
        spacing: mm, (z, y, x), of the resampled images.
    """
    files = {case: volume_file(job.scratch, IMAGES, case) for case in pool}
    shapes = [as_triple(volume_shape(files[case])[1:]) for case in pool]
    samples = samples_per_case(shapes)

    def sample(case: str) -> np.ndarray:
        return sample_intensities(read_volume(files[case]), samples)

    sampled = job.each("fingerprint", sample, pool, of=(spacing, samples))
    measured = fingerprint(spacing, shapes, sampled)
    plans = plan(name, description, measured)
    write_json(job.out / FINGERPRINT, measured)
    write_json(job.out / DESCRIPTION, description)
    write_json(job.out / PLANS, plans)
    return plans


def store_all(job: Job, target: Target, plans: dict[str, Any], listing: str) -> PreparedInfo:
    """Normalise and store every image; returns the content of ``prepared.json``."""
    classes = len(job.card.classes)
    spacing, transpose = target
    files = {case.id: case for case in job.cases}
    patch = plans["configurations"]["3d_fullres"]["patch_size"]

    def work(case: str) -> _Stored:
        path = volume_file(job.out, IMAGES, case)
        if not path.is_file():
            resampled = read_volume(volume_file(job.scratch, IMAGES, case))
            write_volume(path, normalise(resampled, plans), patch)
        image, label = read_volume(path), read_volume(job.label_file(case))
        voxels = np.bincount(label.ravel(), minlength=classes)
        present = tuple(np.flatnonzero(voxels).tolist())
        with case_errors(files[case], job.out):
            direction = read_direction(files[case].files[0])
        toward = None if direction is None else towards(direction, transpose)
        info = CaseInfo(id=case, shape=as_triple(label.shape), classes=present, toward=toward)
        boundary = boundary_voxels(label, classes) if case in pool else np.zeros(classes, int)
        whole = [Patch(case, (0, 0, 0), info.shape)] if case in pool else []
        drawn = count_work(label, whole, classes, job.card.slice_axis)
        return _Stored(info, array_digest(image, label), voxels, boundary, drawn)

    pool = set(job.pool)
    ids = sorted((*job.pool, *job.test))
    done = job.each(
        "normalise",
        work,
        ids,
        of=(
            *(plans, job.pool, sorted(_Stored.__dataclass_fields__), "toward"),
            job.card.slice_axis,
        ),
        there=lambda case: volume_file(job.out, IMAGES, case).is_file(),
    )
    stored = dict(zip(ids, done, strict=True))
    return PreparedInfo(
        protocol_version=PROTOCOL_VERSION,
        name=job.card.name,
        channels=tuple(job.card.channels),
        classes=job.card.classes,
        spacing=spacing,
        pool=tuple(stored[case].info for case in job.pool),
        test=tuple(stored[case].info for case in job.test),
        pool_voxels=_sums([stored[case].voxels for case in job.pool]),
        pool_boundary=_sums([stored[case].boundary for case in job.pool])[1:],
        pool_effort=total([stored[case].work for case in job.pool], classes - 1, len(job.pool)),
        slice_axis=job.card.slice_axis,
        split_kind=job.card.split.kind,
        planned={name: sha256(job.out / name) for name in PLANNED},
        checksum=dataset_checksum(
            {case: stored[case].digest for case in job.pool},
            {case: stored[case].digest for case in job.test},
        ),
        source=job.card.preparation_hash(),
        raw_listing=listing,
    )


def _description(job: Job) -> dict[str, Any]:
    return describe(job.card.classes, list(job.card.channels.values()), len(job.pool))


@dataclass(frozen=True)
class _Stored:
    info: CaseInfo
    digest: str
    voxels: np.ndarray
    boundary: np.ndarray
    work: Work


def _sums(counts: Sequence[np.ndarray]) -> tuple[int, ...]:
    return tuple(int(n) for n in np.sum(counts, axis=0))


def _present(label: np.ndarray, classes: int) -> np.ndarray:
    """Whether a label map contains each class: bool ``(classes,)``."""
    return np.bincount(label.ravel(), minlength=classes) > 0
