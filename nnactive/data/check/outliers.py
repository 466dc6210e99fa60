"""Cases that differ from the rest in spacing, size, orientation or intensities, or in the crop."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from nnactive.data.card_fields import Scheme
from nnactive.data.cards import Card
from nnactive.data.check.case_facts import CaseFacts, ImageFacts
from nnactive.data.check.findings import Finding
from nnactive.geometry import Spacing
from nnactive.io.formatting import numbers

WRONG_UNIT = 500.0
"""Factor from the median volume in mm^3 that no field of view explains: centimetres for
millimetres give 1000."""
FAR_SPACING = 5.0
"""Factor from the median spacing on an axis that is worth a warning."""
FAR_SIZE = 4.0
"""Likewise for the size in mm."""
FAR_RANGE = 20.0
"""Likewise for the width of a channel's intensities."""
SHORTEST, LONGEST = 5.0, 3000.0
"""mm; images of a body's part are longer than the one and shorter than the other."""
FLAT = 1
"""Voxels on an axis from which a network can't learn anything in that direction."""
NO_SLICES = "volumes of one slice can't be trained in 3D; give whole volumes"
LOST_SHARE = 0.01
"""Share of a class's voxels in a case that the crop may take without a warning."""


def outliers(card: Card, facts: Sequence[CaseFacts]) -> Iterator[Finding]:
    """All findings about cases that differ from the dataset's median or majority."""
    yield from image_outliers(card.channels, facts)
    for case in facts:
        yield from _lost(card, case)


def image_outliers(
    channels: Mapping[str, Scheme], facts: Sequence[ImageFacts]
) -> Iterator[Finding]:
    """Those about the images alone.

    Args:
        channels: normalisation by channel name, in channel order.
        facts: of all images.
    """
    if facts:
        yield from _sizes(facts)
        yield from _orientations(facts)
        yield from _intensities(channels, facts)


def _sizes(facts: Sequence[ImageFacts]) -> Iterator[Finding]:
    spacing, size = _median([c.spacing for c in facts]), _median([c.millimetres for c in facts])
    volume = float(np.median([case.volume for case in facts]))
    if not SHORTEST <= max(size) <= LONGEST:
        yield Finding(
            severity="warning",
            kind="size",
            detail=f"the images are {_mm(size)} (median), with voxels of {_mm(spacing)}; "
            "are the headers in millimetres?",
        )
    flat = [case for case in facts if min(case.shape) <= FLAT]
    if len(flat) * 2 > len(facts):
        detail = f"{len(flat)} of {len(facts)} images are single slices; {NO_SLICES}"
        yield Finding(severity="error", kind="size", cases=_ids(flat), detail=detail)
    for case in facts:
        told = (
            f"{case.file}: voxels of {_mm(case.spacing)} against {_mm(spacing)} (median), so the "
            f"image is {_mm(case.millimetres)} against {_mm(size)}"
        )
        if _far(case.volume, volume, WRONG_UNIT):
            detail = f"{told}; correct the unit of its header, or remove the case"
            yield Finding(severity="error", kind="spacing", cases=(case.id,), detail=detail)
        elif any(map(_far, case.spacing, spacing, [FAR_SPACING] * 3)):
            yield Finding(severity="warning", kind="spacing", cases=(case.id,), detail=told)
        elif any(map(_far, case.millimetres, size, [FAR_SIZE] * 3)):
            yield Finding(severity="warning", kind="size", cases=(case.id,), detail=told)


def _orientations(facts: Sequence[ImageFacts]) -> Iterator[Finding]:
    counts = Counter(case.orientation for case in facts)
    usual = min(counts, key=lambda letters: (-counts[letters], letters))
    for case in facts:
        if case.orientation != usual:
            detail = (
                f"{case.file}: its axes point to {case.orientation}, those of {counts[usual]} "
                f"cases to {usual}; images are not reoriented"
            )
            yield Finding(severity="warning", kind="orientation", cases=(case.id,), detail=detail)


def _intensities(channels: Mapping[str, Scheme], facts: Sequence[ImageFacts]) -> Iterator[Finding]:
    for channel, (name, scheme) in enumerate(channels.items()):
        widths = [case.ranges[channel][1] - case.ranges[channel][0] for case in facts]
        usual = float(np.median(widths))
        for case, width in zip(facts, widths, strict=True):
            low, high = case.ranges[channel]
            file = case.channel_files[channel] if case.channel_files else case.file
            told = f"{file}: channel '{name}' has values {low:g} to {high:g}"
            if low == high == 0:
                detail = f"{file}: channel '{name}' is 0 everywhere"
                yield Finding(severity="warning", kind="channel", cases=(case.id,), detail=detail)
            elif width == 0:
                detail = f"{file}: channel '{name}' is {low:g} everywhere"
                yield Finding(severity="warning", kind="channel", cases=(case.id,), detail=detail)
            elif _far(width, usual, FAR_RANGE):
                # CT numbers are on one scale; those of MRI are normalised case by case.
                severity = "warning" if scheme == "ct" else "note"
                detail = f"{told}, a range of {width:g} against {usual:g} (median)"
                yield Finding(severity=severity, kind="intensity", cases=(case.id,), detail=detail)


def _lost(card: Card, case: CaseFacts) -> Iterator[Finding]:
    for name, lost, voxels in zip(card.classes[1:], case.lost[1:], case.voxels[1:], strict=True):
        if lost:
            share = lost / voxels
            detail = (
                f"{case.file}: {lost:,} of {voxels:,} voxels of class '{name}' ({share:.0%}) lie "
                "where the image is 0 up to its border; the crop to non-zero removes them"
            )
            severity = "warning" if share >= LOST_SHARE else "note"
            yield Finding(severity=severity, kind="crop", cases=(case.id,), detail=detail)


def _ids(facts: Sequence[ImageFacts]) -> tuple[str, ...]:
    return tuple(case.id for case in facts)


def _median(values: Sequence[Spacing]) -> Spacing:
    z, y, x = (float(value) for value in np.median(np.array(values), axis=0))
    return z, y, x


def _far(value: float, usual: float, factor: float) -> bool:
    """Whether a value is more than ``factor`` times the usual one, or the other way round."""
    return value > usual * factor or value * factor < usual


def _mm(values: Spacing) -> str:
    return f"{numbers((float(f'{value:.4g}') for value in values), ' x ')} mm"
