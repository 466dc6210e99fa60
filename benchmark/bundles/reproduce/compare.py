"""Whether the Dice that an entry reports are those that its queries give, but for chance."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from benchmark.bundles.levels import Repeated
from benchmark.bundles.reproduce.reported import Reported
from benchmark.bundles.reproduce.spread import Noise, SpreadRow, named, noise, quantile
from benchmark.bundles.reproduce.train import Trained
from benchmark.layout import Experiment
from benchmark.results import mean_dice

Verdict = Literal["agrees", "differs", "not judged"]


@dataclass(frozen=True)
class LoopCheck:
    """One loop that was trained again; Dice from 0 to 1."""

    loop: int
    patches: int
    """Labelled ones."""
    reported: float
    replayed: float
    noise: Noise | None
    """None: no spread is known."""
    allowed: float | None
    """Difference that is still chance; None: no spread is known."""

    @property
    def difference(self) -> float:
        """Reported minus replayed."""
        return self.reported - self.replayed

    @property
    def verdict(self) -> Verdict:
        """Whether chance explains the difference."""
        return _verdict(self.difference, self.allowed)


@dataclass(frozen=True)
class Comparison:
    """One experiment that was trained again."""

    experiment: Experiment
    loops: tuple[LoopCheck, ...]

    @property
    def verdict(self) -> Verdict:
        """Whether chance explains the differences of all loops."""
        return worst(each.verdict for each in self.loops)

    def repeated(self, *, agrees: bool) -> Repeated:
        """As an attestation has it: the loop that is nearest to its limit, or furthest beyond.

        Args:
            agrees: whether the experiments of its setting agree together, too.
        """
        nearest = max(self.loops, key=lambda each: abs(each.difference) - (each.allowed or 0))
        return Repeated(
            setting=self.experiment.setting,
            seed=self.experiment.seed,
            loops=tuple(each.loop for each in self.loops),
            difference=abs(nearest.difference),
            allowed=nearest.allowed,
            agrees=agrees and self.verdict == "agrees",
        )


@dataclass(frozen=True)
class Together:
    """All loops and seeds of one setting: a small advantage in each isn't chance."""

    setting: str
    count: int
    """Loops that were trained again."""
    difference: float
    """Mean of reported minus replayed."""
    allowed: float | None

    @property
    def verdict(self) -> Verdict:
        """Whether chance explains the mean difference."""
        return _verdict(self.difference, self.allowed)


def compare(
    reported: Reported, replayed: Mapping[Trained, float], rows: Sequence[SpreadRow]
) -> list[Comparison]:
    """Compare reported with replayed Mean Dice, loop by loop.

    Args:
        reported: the entry.
        replayed: Mean Dice of what was trained again.
        rows: measured spreads.
    """
    found = []
    for experiment, result in reported.results.items():
        loops = [each for each in result.loops if (experiment, each.loop) in replayed]
        checks = []
        for each in loops:
            start = "" if each.loop else named(experiment, 0)
            spread = noise(rows, reported.setting(experiment), each.labelled_patches, start)
            checks.append(
                LoopCheck(
                    loop=each.loop,
                    patches=each.labelled_patches,
                    reported=mean_dice(each.counts),
                    replayed=replayed[experiment, each.loop],
                    noise=spread,
                    allowed=spread.allowed(len(loops)) if spread else None,
                )
            )
        if checks:
            found.append(Comparison(experiment, tuple(checks)))
    return found


def together(comparisons: Sequence[Comparison]) -> list[Together]:
    """The mean difference of each setting, whose trainings are independent of one another."""
    found = []
    for setting in dict.fromkeys(each.experiment.setting for each in comparisons):
        loops = [
            loop
            for each in comparisons
            if each.experiment.setting == setting
            for loop in each.loops
        ]
        known = [loop.noise for loop in loops if loop.noise]
        allowed = None
        if len(known) == len(loops):
            variance = sum(2 * each.sd**2 for each in known)
            fewest = min(each.freedom for each in known)
            allowed = quantile(fewest) * math.sqrt(variance) / len(loops)
        mean = sum(loop.difference for loop in loops) / len(loops)
        found.append(Together(setting, len(loops), mean, allowed))
    return found


def repeated(comparisons: Sequence[Comparison]) -> tuple[Repeated, ...]:
    """What an attestation says of the experiments; those that aren't judged are left out."""
    settings = {each.setting: each.verdict == "agrees" for each in together(comparisons)}
    return tuple(
        each.repeated(agrees=settings[each.experiment.setting])
        for each in comparisons
        if each.verdict != "not judged"
    )


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict on all: one that differs counts most, then one that isn't judged."""
    found = set(verdicts)
    order: tuple[Verdict, ...] = ("differs", "not judged", "agrees")
    return next((each for each in order if each in found), "not judged")


def _verdict(difference: float, allowed: float | None) -> Verdict:
    if difference == 0:  # as where trainings are seeded: there is no chance to allow for
        return "agrees"
    if allowed is None:
        return "not judged"
    return "agrees" if abs(difference) <= allowed else "differs"
