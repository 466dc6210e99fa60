"""How bright classes are in imported patches, to notice one that was drawn in a wrong place."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Final

import numpy as np

from benchmark.annotation.imports.files.place import cut, lie_of
from benchmark.annotation.imports.files.read import read_array
from benchmark.annotation.imports.known import Known
from benchmark.annotation.rounds.model import Round, RoundPatch
from nnactive.errors import NnactiveError
from nnactive.io.files import read_model, write_model
from nnactive.io.models import Frozen, StateFile

FILE: Final = "tones.json"
FEWEST: Final = 5
"""Earlier patches with a class, from which on a new one is compared with them."""
VOXELS: Final = 10
"""Fewer of a class say nothing."""
FAR: Final = 5.0
"""Robust standard deviations between patches."""
TO_DEVIATION: Final = 1.4826
"""Median absolute deviation to standard deviation, of a normal distribution."""


class Tone(Frozen):
    """The intensity of one class in one patch."""

    mean: float
    deviation: float


class Tones(StateFile):
    """Content of ``work/tones.json``: made anew by imports, whatever becomes of it."""

    SCHEMA: ClassVar[int] = 1

    patches: dict[str, dict[int, Tone]]
    """By patch (``round_00/p07``), then by label."""


def read_tones(file: Path) -> dict[str, dict[int, Tone]]:
    """What is known so far; nothing if the file is missing or broken."""
    try:
        return dict(read_model(file, Tones).patches)
    except NnactiveError:
        return {}


def write_tones(file: Path, known: Mapping[str, Mapping[int, Tone]]) -> None:
    """Keep what is known."""
    write_model(file, Tones(patches={key: dict(each) for key, each in sorted(known.items())}))


def tones_of(known: Known, number: Round, patch: RoundPatch, box: np.ndarray) -> dict[int, Tone]:
    """The intensities of a patch's classes; nothing if its image isn't there any more.

    Args:
        known: the project.
        number: the patch's round.
        patch: which.
        box: its labels, uint8 ``(Z, Y, X)``.
    """
    read = read_array(known.image_file(number, patch))
    lie = lie_of(known.grid(patch.patch.case), read[1]) if read else None
    if read is None or lie is None or (held := lie.box) is None:
        return {}
    image = cut(lie.oriented(read[0]), held, patch.box)
    if image is None:
        return {}
    return {
        int(label): Tone(mean=float(values.mean()), deviation=float(values.std()))
        for label in np.unique(box[box > 0])
        if (values := image[box == label].astype(np.float64)).size >= VOXELS
    }


def unlike(
    mine: Mapping[int, Tone], others: Sequence[Mapping[int, Tone]], classes: Sequence[str]
) -> list[str]:
    """Classes whose intensity is far from that in other patches, in words."""
    found = []
    for label, tone in sorted(mine.items()):
        before = [each[label] for each in others if label in each]
        if len(before) < FEWEST:
            continue
        means = np.array([each.mean for each in before])
        middle = float(np.median(means))
        # Never narrower than the class is in itself: patches of one image may agree by chance.
        within = float(np.median([each.deviation for each in before]))
        spread = max(TO_DEVIATION * float(np.median(np.abs(means - middle))), within / 2)
        if abs(tone.mean - middle) > FAR * spread:
            found.append(
                f"{classes[label]} has a mean intensity of {tone.mean:.4g}; in {len(before)} other "
                f"patches it is about {middle:.4g} ({means.min():.4g} to {means.max():.4g})"
            )
    return found
