"""Preparing the images of a folder, of which nothing is labelled yet; can be resumed."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from nnactive import PROTOCOL_VERSION
from nnactive.data.prepare.estimate import Estimate, estimate_sizes
from nnactive.data.prepare.job import Stages, alone, storage_errors
from nnactive.data.prepare.memo import FOLDER, Memo
from nnactive.data.prepare.resume import (
    NOTE,
    read_note,
    same,
    update_note,
    update_target,
)
from nnactive.data.prepare.stages import plan_pool
from nnactive.data.prepared import (
    INFO,
    OUTSIDE,
    PLANNED,
    SCRATCH,
    PreparedDataset,
    PreparedInfo,
    dataset_checksum,
    seal_dataset,
)
from nnactive.data.progress import Progress
from nnactive.data.raw.raw_checksums import (
    have_stayed,
    list_files,
    listing_hash,
    read_files,
)
from nnactive.data.unlabelled.prepare.request import Request
from nnactive.data.unlabelled.prepare.stages import (
    Images,
    find_target,
    header_sizes,
    resample_all,
    store_all,
)
from nnactive.data.unlabelled.prepare.stayed import check_stayed, image_files
from nnactive.data.unlabelled.source import SOURCES, Sources
from nnactive.errors import UserError
from nnactive.geometry import Triple
from nnactive.io.files import sha256, sweep, write_model
from nnactive.io.queries import PatchRecord

Given = Callable[[Sources], tuple[PatchRecord, ...]]
"""Takes the sources of all cases; keeps the labels that were given, and returns where they are."""
BLOCKS: Final[Triple] = (64, 64, 64)
"""By which resampled images are cut until the plans are known."""
SPLIT: Final = "none"
"""Kind of a split into pool and nothing else."""
IN_PROJECT: Final = {
    "'spacing' in the card": "'spacing' in project.json",
    "choose a folder on another disk with --data": "move the project to another disk",
}
"""What a user of a project can change, by what one of the benchmark can."""
CHOICES: Final = "choice of classes, channels or spacing"


def prepare(
    request: Request, out: Path, workers: int | None, progress: Progress, given: Given
) -> PreparedInfo:
    """Prepare images; returns at once if that is already done.

    Resumes a preparation that was interrupted: finished cases are not repeated.

    Args:
        request: the images, and how they are to be prepared.
        out: the prepared dataset's folder.
        workers: number of threads, each with one case in memory; None: as many as cores and free
            memory allow.
        progress: receives every finished case.
        given: keeps labels that are there from the start; called once all images are stored, maybe
            again after a kill.

    Raises:
        UserError: a file is wrong or has changed since, ``out`` was made from something else, or
            the disk is full or too small.
    """
    with _in_project():
        finished = _finished(request, out, progress)
        if finished is not None:
            return finished
        with storage_errors(out):
            needs = _estimate(request, out)
            needs.check(out)
            with alone(out):
                finished = _finished(request, out, progress)
                if finished is not None:
                    return finished
                return _prepare(request, out, workers or needs.workers, progress, given)


def _estimate(request: Request, out: Path) -> Estimate:
    sizes = header_sizes(request)
    return estimate_sizes(sizes, len(sizes), len(request.channels), out)


def _prepare(
    request: Request, out: Path, workers: int, progress: Progress, given: Given
) -> PreparedInfo:
    sweep(out)
    before = read_note(out, request.key, CHOICES)
    found = image_files(request.folder, request.images)
    read = Memo(out / SCRATCH / FOLDER / "compare", lambda _: "")
    known = dict(before.raw) | {case.id: read.get(case.id) for case in found if read.has(case.id)}
    note = update_note(out, before, read_files(found, known, progress, read.add))
    job = Stages(key=request.key, out=out, workers=workers, progress=progress, raw=note.raw)
    images = Images(request, job, tuple(found))
    target = find_target(images)
    note = update_target(out, note, target)
    resample_all(images, target, BLOCKS)
    spacing = target[0]
    plans = plan_pool(job, request.cases, request.nnunet_name, request.description, spacing)
    stored = store_all(images, target, plans)
    sources = Sources(cases={each.info.id: each.source for each in stored})
    write_model(out / SOURCES, sources)
    info = PreparedInfo(
        protocol_version=PROTOCOL_VERSION,
        name=request.name,
        channels=tuple(request.channels),
        classes=request.classes,
        spacing=spacing,
        pool=tuple(each.info for each in stored),
        test=(),
        pool_voxels=(0,) * len(request.classes),
        split_kind=SPLIT,
        planned={name: sha256(out / name) for name in PLANNED},
        checksum=dataset_checksum({each.info.id: each.digest for each in stored}, {}),
        source=request.key,
        raw_listing=listing_hash(list_files(found)),
        labels_in=request.labels_in,
        given=given(sources),
    )
    if not have_stayed(found, note.raw):
        raise UserError(f"{request.folder}: changed while being read; run the same command again")
    write_model(out / NOTE, note)
    masks = (f"{OUTSIDE}/{file.name}" for file in sorted((out / OUTSIDE).glob("*")))
    seal_dataset(out, info, (SOURCES, *masks))
    write_model(out / INFO, info)
    shutil.rmtree(job.scratch)
    return info


def _finished(request: Request, out: Path, progress: Progress) -> PreparedInfo | None:
    """What was prepared before, if all of it is; of the same images.

    Raises:
        UserError: it was made from other images, or in another way.
    """
    if not (out / INFO).is_file():
        return None
    info = PreparedDataset(out).info
    same(out, CHOICES, info.source, request.key)
    check_stayed(request.folder, request.images, out, progress)
    shutil.rmtree(out / SCRATCH, ignore_errors=True)
    sweep(out)
    return info


@contextmanager
def _in_project() -> Iterator[None]:
    """Say what a user of a project can change."""
    try:
        yield
    except UserError as error:
        said = str(error)
        for theirs, ours in IN_PROJECT.items():
            said = said.replace(theirs, ours)
        if said == str(error):
            raise
        raise type(error)(said) from error
