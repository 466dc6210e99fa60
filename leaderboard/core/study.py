"""The published study as arrays, and studies as they might have come out."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from leaderboard.metrics.method_spread import MethodSpread, method_spread
from leaderboard.metrics.seed_noise import noise_from_stds
from leaderboard.published import studies

TRACK = "full"
"""The league of published figures that has the most settings."""
PERCENT = 100


@dataclass(frozen=True, eq=False)
class StudyArrays:
    """S settings and K methods; AUBC in percent."""

    settings: tuple[str, ...]
    datasets: tuple[str, ...]
    """Of each setting."""
    methods: tuple[str, ...]
    """Ids of those that were run in all settings."""
    aubc: np.ndarray
    """Printed means over seeds, ``(S, K)``."""
    std: np.ndarray
    """Printed sample standard deviations over seeds, ``(S, K)``."""
    start: np.ndarray
    """y0 as estimated, ``(S,)``."""
    full: np.ndarray
    """y_full, ``(S,)``."""
    seeds: int
    """Behind each mean."""

    @cached_property
    def noise(self) -> np.ndarray:
        """Standard deviation over seeds, pooled over the methods of a setting, ``(S,)``.

        A method's own over four seeds is known too poorly.
        """
        return np.array([each.seed for each in self._spreads])

    @cached_property
    def spread(self) -> np.ndarray:
        """Standard deviation of the methods' true scores, ``(S,)``."""
        return np.array([each.between for each in self._spreads])

    @cached_property
    def _spreads(self) -> list[MethodSpread]:
        return [
            method_spread(means, noise_from_stds([stds.tolist()], [self.seeds]))
            for means, stds in zip(self.aubc, self.std, strict=True)
        ]

    def without(self, methods: Sequence[int]) -> "StudyArrays":
        """The study as if some methods, given by their places, had not been run."""
        kept = [place for place in range(len(self.methods)) if place not in set(methods)]
        return StudyArrays(
            self.settings,
            self.datasets,
            tuple(self.methods[place] for place in kept),
            self.aubc[:, kept],
            self.std[:, kept],
            self.start,
            self.full,
            self.seeds,
        )

    def truths(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """True scores that could be behind the printed ones, ``(count, S, K)``.

        The printed means carry the noise of their own seeds, so they differ by more than the
        methods do. Within a setting, true scores are taken as normal around the methods' mean with
        the variance that is left once that noise is taken off; each draw is from what the printed
        means then leave open (empirical Bayes).
        """
        error = self.noise**2 / self.seeds
        total = self.spread**2 + error
        kept = np.divide(self.spread**2, total, out=np.zeros_like(total), where=total > 0)
        centre = self.aubc.mean(axis=1, keepdims=True)
        expected = centre + kept[:, None] * (self.aubc - centre)
        width = np.sqrt(kept * error)[:, None]
        noise = rng.standard_normal((count, *self.aubc.shape))
        return np.asarray(expected + width * noise)

    def measured(self, truths: np.ndarray, seeds: int, rng: np.random.Generator) -> np.ndarray:
        """Means over fresh seeds of methods with such true scores, ``(count, S, K)``."""
        width = (self.noise / np.sqrt(seeds))[:, None]
        return np.asarray(truths + width * rng.standard_normal(truths.shape))


@cache
def published_study() -> StudyArrays:
    """The published main study with both patch sizes: 24 settings, 9 methods, 4 seeds."""
    (study,) = (study for study in studies() if study.name == TRACK)
    printed = {
        (row.setting, row.method_id): (row.mean, row.spread)
        for row in study.rows
        if row.metric == "aubc"
    }
    names = [setting.name for setting in study.settings]
    methods = [
        method
        for method in dict.fromkeys(row.method_id for row in study.rows)
        if all((name, method) in printed for name in names)
    ]
    figures = np.array([[printed[name, method] for method in methods] for name in names])
    known = [(each.start_dice, each.full_data_dice) for each in study.settings]
    ends = np.array([[np.nan if end is None else end for end in both] for both in known])
    return StudyArrays(
        settings=tuple(names),
        datasets=tuple(setting.measured.dataset for setting in study.settings),
        methods=tuple(methods),
        aubc=figures[..., 0],
        std=figures[..., 1],
        start=PERCENT * ends[:, 0],
        full=PERCENT * ends[:, 1],
        seeds=study.seeds,
    )
