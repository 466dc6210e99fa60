"""What looks wrong with images before anyone labels them: from headers and a few slices each."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from nnactive.anatomy.axes import orientation
from nnactive.data.card_fields import Scheme
from nnactive.data.check.case_facts import ImageFacts
from nnactive.data.check.dataset import WRONG
from nnactive.data.check.findings import FILE, Finding, Severity, named, ordered
from nnactive.data.check.outliers import image_outliers
from nnactive.data.prepared import array_digest
from nnactive.data.progress import Progress, tracked
from nnactive.data.raw.files.formats import ENDINGS
from nnactive.data.raw.files.integrity import file_notes
from nnactive.data.raw.grids import ROUNDING
from nnactive.data.raw.images import check_finite
from nnactive.data.unlabelled.dicom.series import read_stack
from nnactive.data.unlabelled.intensities import is_hounsfield, sample
from nnactive.data.unlabelled.read import read_channels, read_grid
from nnactive.data.unlabelled.source import Image
from nnactive.errors import UserError

STAGE = "check"
WORKERS = 2
DEFAULT = (1.0, 1.0, 1.0)
"""mm; what programs write that don't know the voxel size."""
BYTE = 255.0
SHIFTED = 1024.0
"""What is missing from CT numbers that were stored without their intercept."""
SHIFTED_RANGE = 1500.0, 8191.0
"""Highest values of those."""
BYTES = "as pictures of 8 bits have; export them again in Hounsfield units"
INTERCEPT = (
    f"as CT numbers have that were stored {SHIFTED:g} too high; subtract it, or export them with "
    "their rescale intercept"
)
UNEVEN = "slices lie up to {:.2g} voxels beside an even, straight stack, which is taken"
FAR = "but no Hounsfield unit is that far from 0; export them again"


@dataclass(frozen=True)
class _Looked:
    facts: ImageFacts | None
    hounsfield: tuple[bool, ...] = ()
    """By channel."""
    notes: tuple[tuple[str, str], ...] = ()
    """Kind and text of what is unusual about its files."""
    digests: tuple[str, ...] = ()
    """Of what was looked at of each channel."""
    problem: str = ""


def odd(
    folder: Path,
    images: Sequence[Image],
    channels: Mapping[str, Scheme],
    progress: Progress = lambda *_: None,
    workers: int = WORKERS,
) -> tuple[Finding, ...]:
    """Everything that looks wrong with images, by severity, one line each.

    Errors are files that can't be read or whose voxel size can't be right; `refuse_errors` of
    `nnactive.data.check` raises them. Details name files without their folders, and DICOM series
    by their ids.

    Args:
        folder: the images' folder.
        images: from `find_images`.
        channels: normalisation by channel name, in channel order.
        progress: receives every image that was looked at.
        workers: images to look at at a time.
    """
    with ThreadPoolExecutor(workers) as executor:
        looking = executor.map(lambda image: _look(folder, image), images)
        looked = list(tracked(progress, STAGE, looking, len(images)))
    facts = [one.facts for one in looked if one.facts is not None]
    found = [
        Finding(severity="error", kind=FILE, cases=(image.id,), detail=one.problem)
        for image, one in zip(images, looked, strict=True)
        if one.problem
    ]
    for image, one in zip(images, looked, strict=True):
        for kind, detail in one.notes:
            severity: Severity = "error" if kind in WRONG else "note"
            found.append(Finding(severity=severity, kind=kind, cases=(image.id,), detail=detail))
    found += image_outliers(channels, facts)
    found += _default_spacing(facts)
    found += _duplicates({i.id: one.digests for i, one in zip(images, looked, strict=True)})
    for number, (name, scheme) in enumerate(channels.items()):
        seen = {f.id: one.hounsfield[number] for one in looked if (f := one.facts) is not None}
        if scheme == "ct":
            found += _no_ct(name, number, facts)
        else:
            found += _other_modality(name, seen)
    return ordered(found)


def _look(folder: Path, image: Image) -> _Looked:
    names = tuple(_file_name(image, number) for number in range(len(image.files)))
    try:
        grid = read_grid(folder, image)
        slices = sample(folder, image)
        for name, one in zip(names, slices, strict=True):
            check_finite(Path(name), one)
        if any(one.min() == one.max() for one in slices):
            slices = _all_voxels(folder, image)
    except UserError as error:
        return _Looked(None, problem=str(error))
    except OSError as error:
        where = error.filename or folder / image.files[0]
        return _Looked(None, problem=f"{where}: {error.strerror}; make it readable")
    facts = ImageFacts(
        id=image.id,
        file=names[0],
        shape=grid.shape,
        spacing=grid.spacing,
        orientation=orientation(grid.direction),
        channel_files=names,
        ranges=tuple((float(one.min()), float(one.max())) for one in slices),
    )
    return _Looked(
        facts,
        tuple(map(is_hounsfield, slices)),
        tuple(_notes(folder, image)),
        tuple(map(array_digest, slices)),
    )


def _notes(folder: Path, image: Image) -> Iterator[tuple[str, str]]:
    paths = [folder / file for file in image.files]
    if image.series is not None:
        moved = read_stack(paths[0], image.series).moved
        if moved > ROUNDING:
            yield "geometry", f"{image.id}: {UNEVEN.format(moved)}"
        return
    for path in paths:
        if path.name.endswith(ENDINGS):
            yield from ((note.kind, f"{path.name}: {note.what}") for note in file_notes(path))


def _all_voxels(folder: Path, image: Image) -> list[np.ndarray]:
    """Where the slices have one value: only the whole image tells whether it has no other."""
    import SimpleITK

    return [SimpleITK.GetArrayFromImage(channel) for channel in read_channels(folder, image)]


def _file_name(image: Image, channel: int) -> str:
    # A folder of DICOM files may be called after a person.
    return PurePosixPath(image.files[channel]).name if image.series is None else image.id


def _default_spacing(facts: Sequence[ImageFacts]) -> Iterator[Finding]:
    default = [case for case in facts if case.spacing == DEFAULT]
    if not default or len(default) * 2 > len(facts):
        return
    for case in default:
        yield Finding(
            severity="warning",
            kind="spacing",
            cases=(case.id,),
            detail=f"{case.file}: voxels of 1 x 1 x 1 mm, as programs write that don't know the "
            "size, and most other images have others; correct its header if that is wrong",
        )


def _duplicates(digests: Mapping[str, tuple[str, ...]]) -> Iterator[Finding]:
    """Images that are there twice: each would be labelled, and be in training and validation."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for case, of_channels in digests.items():
        if of_channels:
            alike.setdefault(of_channels, []).append(case)
    for cases in alike.values():
        if cases[1:]:
            detail = f"{named(cases)} have the same voxels, where looked at; leave out all but one"
            yield Finding(severity="warning", kind="duplicate", cases=tuple(cases), detail=detail)
    twice = tuple(case for case, each in digests.items() if len(set(each)) < len(each))
    if twice:
        detail = f"{named(twice)}: two channels have the same voxels, where looked at"
        yield Finding(severity="warning", kind="duplicate", cases=twice, detail=detail)


def _no_ct(name: str, channel: int, facts: Sequence[ImageFacts]) -> Iterator[Finding]:
    """Images of a CT channel that aren't in Hounsfield units."""
    kinds: dict[str, Callable[[float, float], bool]] = {
        BYTES: _is_byte,
        INTERCEPT: _is_shifted,
        FAR: _is_huge,
    }
    for what, is_so in kinds.items():
        cases = [case for case in facts if is_so(*case.ranges[channel])]
        if cases:
            low, high = cases[0].ranges[channel]
            yield Finding(
                severity="warning",
                kind="intensity",
                cases=tuple(case.id for case in cases),
                detail=f"{_several(cases)}: channel '{name}' is normalised as CT, and has values "
                f"{low:g} to {high:g} in the slices looked at, {what}",
            )


def _several(cases: Sequence[ImageFacts]) -> str:
    return cases[0].file if len(cases) == 1 else named([case.file for case in cases])


def _is_byte(low: float, high: float) -> bool:
    return low >= 0 and high <= BYTE and low < high


def _is_shifted(low: float, high: float) -> bool:
    return low >= 0 and SHIFTED_RANGE[0] <= high <= SHIFTED_RANGE[1]


def _is_huge(low: float, high: float) -> bool:
    return max(-low, high) > 1 << 16


def _other_modality(name: str, hounsfield: Mapping[str, bool]) -> Iterator[Finding]:
    """Images of another channel that look like CT: all, or some among others."""
    cases = tuple(case for case, is_ct in hounsfield.items() if is_ct)
    if not cases:
        return
    if len(cases) == len(hounsfield):
        what = "looks like CT in every image; if it is, normalise it as CT"
    else:
        what = f"looks like CT in {named(cases)} and not in the others; are these of one modality?"
    detail = f"channel '{name}' {what}"
    yield Finding(severity="warning", kind="intensity", cases=cases, detail=detail)
