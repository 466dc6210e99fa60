"""Whether a run came out as expected, in one line."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from benchmark.results import ExperimentResult
from leaderboard.expected.figures import Expected, Figures, by_seed, machine_of, means
from leaderboard.metrics.metric import PERCENT

DOCS: Final = "docs/measured.md"
TOLERANCE: Final = 2
"""Standard deviations within which figures of another machine type are expected."""


@dataclass(frozen=True)
class Difference:
    """How far one figure is from the expected one, from 0 to 1."""

    what: str
    """Which figure of which method."""
    found: float
    expected: float
    spread: float
    """Standard deviation over seeds, the largest of the methods'."""
    seeds: int
    """How many."""

    @property
    def points(self) -> float:
        """In percentage points, without its sign."""
        return PERCENT * abs(self.found - self.expected)

    @property
    def beyond(self) -> bool:
        """Whether it is larger than what chance gives."""
        return abs(self.found - self.expected) > TOLERANCE * self.spread


def verdict(expected: Expected, results: Iterable[ExperimentResult]) -> str | None:
    """Whether a run's figures are the expected ones.

    Args:
        expected: of the track.
        results: of its runs; those of other methods, seeds and settings don't count.

    Returns:
        A line; None where a method or seed is missing.
    """
    own = [
        each
        for each in results
        if each.method.origin == "builtin"
        and each.setting == expected.setting
        and each.dataset.checksum == expected.checksum
        and each.seed in expected.seeds
    ]
    found = by_seed(own)
    if any(set(found.get(name, ())) != set(expected.seeds) for name in expected.methods):
        return None
    differences = list(_differences(expected, found))
    alike = all(machine_of(each) == expected.machine for each in own)
    if all(each.found == each.expected for each in differences):
        return f"as expected: the figures of {DOCS}, to the last digit"
    beyond = [each for each in differences if each.beyond]
    widest = max(beyond or differences, key=lambda each: each.points)
    said = (
        f"{widest.what} is {PERCENT * widest.found:.1f} instead of {PERCENT * widest.expected:.1f}"
    )
    spread = (
        f"twice the standard deviation over {widest.seeds} seeds, {PERCENT * widest.spread:.1f}"
    )
    if alike:
        way = f"this processor and torch gave other figures before; compare with {DOCS}"
        return f"not as expected: {said}; {way}"
    if beyond:
        return f"not as expected: {said}, more than {spread}; see {DOCS}"
    return (
        f"as expected on another machine type: {said}, within {spread}; "
        f"{DOCS} has the figures of {expected.machine.cpu}"
    )


def _differences(expected: Expected, found: dict[str, dict[int, Figures]]) -> Iterator[Difference]:
    for name, wanted in expected.methods.items():
        made = means(found[name], expected.seeds)
        for field, title in (("aubc", "AUBC"), ("final_dice", "final Dice")):
            width = max(expected.spread.values(), key=lambda each: getattr(each, field))
            yield Difference(
                what=f"{title} of {name}",
                found=getattr(made, field),
                expected=getattr(wanted, field),
                spread=getattr(width, field),
                seeds=width.seeds,
            )
