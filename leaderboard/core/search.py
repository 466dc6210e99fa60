"""The search for the part of the study that predicts its ranking at the least cost."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from benchmark.tracks import Track, load_track
from leaderboard.core.averages import MEAN_AUBC, SCORE, Average
from leaderboard.core.hours import Hours, hours
from leaderboard.core.judge import Judgement, judge
from leaderboard.core.parts import Part, Prediction, parts, predict, simulate
from leaderboard.core.study import TRACK, StudyArrays, published_study
from leaderboard.formatting import counted
from nnactive.streams import stream

AVERAGES: Mapping[str, Average] = {each.name: each for each in (SCORE, MEAN_AUBC)}
"""By which a study is ranked."""
TRACKS = ("core", "core_screen")
"""Those that come with the benchmark and were chosen so."""
DRAWS = 500
"""Simulated studies."""
JUDGED = 200
"""Simulated studies, where methods are left out."""
LEFT_OUT = (1, 3)

Stages = Callable[[str, int, int], None]
"""Called with a stage, how much of it is done, and how much there is."""


def nobody(stage: str, done: int, total: int) -> None:
    """Report to nobody."""


@dataclass(frozen=True)
class Best:
    """The best part of a size, with some seeds."""

    seeds: int
    found: Prediction
    random: float
    """Expected tau of a part of that size drawn at random."""


@dataclass(frozen=True)
class Shipped:
    """A track as a part of the study."""

    name: str
    seeds: int
    found: Prediction
    judged: tuple[Judgement, ...]
    """By the number of methods that are left out; empty: not judged."""


@dataclass(frozen=True)
class Search:
    """What a search found."""

    average: Average
    study: StudyArrays
    costs: Mapping[str, Hours]
    """Of one seed, by setting."""
    best: tuple[Best, ...]
    """By size, then seeds."""
    tracks: tuple[Shipped, ...]

    def names(self, part: Part) -> tuple[str, ...]:
        """The settings of a part."""
        return tuple(self.study.settings[place] for place in part)

    def later(self, part: Part, seeds: int) -> float:
        """GPU-hours of a method's own loops."""
        return seeds * sum(self.costs[name].later for name in self.names(part))

    def start(self, part: Part, seeds: int) -> float:
        """GPU-hours of loop 0, which all methods share."""
        return seeds * sum(self.costs[name].start for name in self.names(part))


def search(
    average: Average,
    sizes: Sequence[int],
    seeds: Sequence[int],
    *,
    judged: bool = True,
    progress: Stages = nobody,
) -> Search:
    """The best parts, and what the tracks of ``TRACKS`` predict.

    Args:
        average: the study's ranking follows it.
        sizes: numbers of settings.
        seeds: numbers of seeds.
        judged: whether to judge the tracks by methods that are left out, which takes longest.
        progress: told how far the search is.
    """
    study = published_study()
    return Search(
        average,
        study,
        dict(hours(load_track(TRACK))),
        tuple(_best(study, average, size, n, progress) for size in sizes for n in seeds),
        tuple(_track(study, average, load_track(name), progress, judged=judged) for name in TRACKS),
    )


def _best(study: StudyArrays, average: Average, size: int, seeds: int, progress: Stages) -> Best:
    simulated = simulate(study, average, seeds, DRAWS, stream("core", average.name, seeds))
    stage = f"parts of {counted(size, 'setting')} with {counted(seeds, 'seed')}"
    found = predict(simulated, parts(len(study.settings), size), partial(progress, stage))
    best = max(found, key=lambda each: each.tau)
    return Best(seeds, best, sum(each.tau for each in found) / len(found))


def _track(
    study: StudyArrays, average: Average, track: Track, progress: Stages, *, judged: bool
) -> Shipped:
    part = tuple(sorted(study.settings.index(setting.name) for setting in track.settings))
    seeds = len(track.seeds)
    simulated = simulate(study, average, seeds, DRAWS, stream("core", average.name, seeds))
    (found,) = predict(simulated, [part])
    return Shipped(
        track.name,
        seeds,
        found,
        tuple(
            judge(
                study,
                average,
                len(part),
                seeds,
                out,
                draws=JUDGED,
                progress=partial(progress, f"{track.name}, leaving out {counted(out, 'method')}"),
            )
            for out in (LEFT_OUT if judged else ())
        ),
    )
