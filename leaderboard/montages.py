"""Pictures of a method's queries, which its runs left beside their results."""

import base64
from collections.abc import Iterable
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

from benchmark.layout import RESULT
from leaderboard.model import MethodInSetting

LARGEST = 32 << 10
"""Bytes of a picture; the benchmark's own have about 8,000."""
BUDGET = 60_000
"""Characters of all of a method's pictures in the page."""
PREFIX = "data:image/webp;base64,"
HEADS = (b"RIFF", b"WEBP")


def read_montages(result: Path) -> dict[int, bytes]:
    """The pictures beside a result, by loop; without what isn't a small WebP picture.

    Only for results of one's own runs: a stranger's picture is never shown.
    """
    found = {}
    for file in sorted(result.parent.glob("loop_*.webp")) if result.name == RESULT else ():
        number = file.stem.removeprefix("loop_")
        if not number.isdecimal() or file.is_symlink() or not file.is_file():
            continue
        try:
            with file.open("rb") as opened:
                content = opened.read(LARGEST + 1)
        except OSError:
            continue
        if len(content) <= LARGEST and (content[:4], content[8:12]) == HEADS:
            found[int(number)] = content
    return found


def with_montages(
    settings: Iterable[MethodInSetting], results: Iterable[Path | None]
) -> tuple[MethodInSetting, ...]:
    """A method's settings with their pictures, in all at most ``BUDGET`` characters.

    Each setting gets one picture before any gets a second, the last loops' first, since they show
    what the method has learned.

    Args:
        settings: of one method.
        results: for each setting the result of the first seed; None: not from one's own runs.
    """
    kept = list(settings)
    pictures = [{} if path is None else read_montages(path) for path in results]
    queues = [
        [(place, loop) for loop in sorted(each, reverse=True)]
        for place, each in enumerate(pictures)
    ]
    left = BUDGET
    chosen: list[dict[int, str]] = [{} for _ in kept]
    for turn in zip_longest(*queues):
        for place, loop in filter(None, turn):
            text = PREFIX + base64.b64encode(pictures[place][loop]).decode()
            if len(text) <= left:
                left -= len(text)
                chosen[place][loop] = text
    return tuple(
        replace(
            each,
            pictures=tuple(own[loop] for loop in sorted(own)),
            pictured=tuple(sorted(own)),
            left_out=len(every) - len(own),
        )
        for each, own, every in zip(kept, chosen, pictures, strict=True)
    )
