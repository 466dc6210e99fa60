"""Names that most files of a folder in nnU-Net's raw layout have wrong, told in one line."""

import re
from collections import Counter
from collections.abc import Collection
from pathlib import Path

from nnactive.data.raw.layout import IMAGES, LABELS, channel_suffixes

COPY = re.compile(r"(.+?) ?(\([0-9]+\)| - Copy| copy( [0-9]+)?)((_[0-9]{4})?\.[a-z.]+)")
"""What Windows and macOS call a second copy of a file."""
NUMBERED = re.compile(r".*_[0-9]{4}")
MOST = 2
"""A name's fault that more than half of all labels have is told once, for all."""


def naming_problem(
    root: Path, images: Collection[str], labels: Collection[str], ending: str
) -> str | None:
    """What is wrong with the names of most files, in one line; None: nothing.

    Args:
        root: folder with the images' and the labels' folder.
        images: names of the files that have the ending.
        labels: likewise.
        ending: of both.
    """
    names = {*images, *labels}
    if stray := sorted(name for name in names if _is_copy(name, names)):
        folder = IMAGES if stray[0] in images else LABELS
        more = f" and {len(stray) - 1} more" if stray[1:] else ""
        return f"{root / folder / stray[0]}{more}: a second copy of a file; remove it"
    (first,) = channel_suffixes(1, ending)
    twins = sorted(set(images) & set(labels))
    if twins and len(twins) * MOST > len(labels) and all(name.endswith(first) for name in twins):
        right = twins[0].removesuffix(first) + ending
        return (
            f"{root / LABELS}: label maps are named like the first channel's images "
            f"({twins[0]}); remove _0000 from the label maps' names, as in {right}"
        )
    return _suffixed(root, images, labels, ending, first)


def lacks_channel(name: str, labels: Collection[str], ending: str) -> bool:
    """Whether an image's name only looks as if it ended in a channel: a label map has it, too."""
    return name in labels and bool(NUMBERED.fullmatch(name.removesuffix(ending)))


def _is_copy(name: str, names: Collection[str]) -> bool:
    found = COPY.fullmatch(name)
    return found is not None and f"{found[1]}{found[4]}" in names


def _suffixed(
    root: Path, images: Collection[str], labels: Collection[str], ending: str, first: str
) -> str | None:
    """Label maps whose names are those of the images with one more part, such as ``_seg``."""
    cases = {name.removesuffix(first) for name in images if name.endswith(first)}
    given = sorted(name.removesuffix(ending) for name in labels)
    parts: Counter[str] = Counter()
    for name in given:
        begins = [name[:n] for n in range(1, len(name)) if name[:n] in cases]
        parts.update([name.removeprefix(max(begins, key=len))] if begins else [])
    part, count = parts.most_common(1)[0] if parts else ("", 0)
    if not part or count * MOST <= len(given) or cases & set(given):
        return None
    label = next(name for name in given if name.endswith(part))
    return (
        f"{root / LABELS}: label maps are named {label}{ending}, the images of their cases "
        f"{label.removesuffix(part)}{first}; name them alike: remove '{part}' "
        "from the label maps' names"
    )
