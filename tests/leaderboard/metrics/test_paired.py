import math

import numpy as np
import pytest
from scipy import stats

from leaderboard.metrics.length_difference import Sample
from leaderboard.metrics.paired import (
    STEPS,
    Contrast,
    over,
    paired,
    quantile_at,
    quantiles,
    unpaired,
)
from leaderboard.metrics.rank_intervals import rank_intervals
from leaderboard.undefined import UndefinedMetricError
from nnactive.streams import stream


def pair(name: str, seeds: int) -> tuple[np.ndarray, np.ndarray]:
    draw = stream("paired", name, seeds)
    return draw.normal(70, 3, seeds), draw.normal(69, 3, seeds)


@pytest.mark.parametrize("seeds", [2, 3, 4, 10])
def test_seed_by_seed_it_is_students_paired_test(seeds):
    first, second = pair("test", seeds)
    test = stats.ttest_rel(first, second)
    interval = test.confidence_interval(0.95)
    contrast = paired(first.tolist(), second.tolist())
    assert contrast.mean == pytest.approx(float((first - second).mean()))
    assert (contrast.low, contrast.high) == pytest.approx((interval.low, interval.high))
    assert contrast.significant == (test.pvalue < 0.05)


@pytest.mark.parametrize(("shift", "significant"), [(0.0, False), (30.0, True)])
def test_from_means_it_is_students_unpaired_test(shift, significant):
    first, second = (values + n * shift for n, values in enumerate(pair("unpaired", 4)))
    test = stats.ttest_ind(first, second)
    interval = test.confidence_interval(0.95)
    contrast = unpaired(*(Sample(v.mean(), v.std(ddof=1), 4) for v in (first, second)))
    assert contrast.freedom == 6
    assert (contrast.low, contrast.high) == pytest.approx((interval.low, interval.high))
    assert contrast.significant == (test.pvalue < 0.05) == significant


def test_over_settings_the_errors_add_up_and_the_freedom_is_welchs():
    sizes = {"a": 3, "b": 4, "c": 5}
    contrasts = [paired(*map(list, pair(name, seeds))) for name, seeds in sizes.items()]
    mean = over(contrasts)
    errors = [contrast.error for contrast in contrasts]
    assert mean.mean == pytest.approx(np.mean([contrast.mean for contrast in contrasts]))
    assert mean.error == pytest.approx(math.hypot(*errors) / 3)
    welch = sum(e**2 for e in errors) ** 2 / sum(
        e**4 / n for e, n in zip(errors, (2, 3, 4), strict=True)
    )
    assert mean.freedom == pytest.approx(welch)
    # As the letters are made: borderline cases must not differ.
    letters = rank_intervals([np.stack(pair(name, seeds)) for name, seeds in sizes.items()])
    ends = letters.difference_low[0, 1], letters.difference_high[0, 1]
    assert (mean.low, mean.high) == pytest.approx(ends, rel=1e-4)


def test_equal_settings_keep_all_their_freedom():
    assert over([Contrast(1.0, 0.1, 3)] * 7).freedom == pytest.approx(21)
    assert over([Contrast(1.0, 0.1, 3)] * 40).freedom == pytest.approx(120)


def test_its_interval_covers_the_true_difference_as_often_as_it_says():
    draw = stream("paired", "coverage")
    runs = 4000
    first = draw.normal(70, 3, (runs, 4))
    second = first - 1.5 + draw.normal(0, 2, (runs, 4))
    every = [paired(a.tolist(), b.tolist()) for a, b in zip(first, second, strict=True)]
    covered = np.mean([contrast.low <= 1.5 <= contrast.high for contrast in every])
    assert covered == pytest.approx(0.95, abs=0.01)


def test_the_quantiles_are_students():
    freedom = np.array([1, 2, 3, 4, 5, 6, 7, 8])
    wanted = stats.t.ppf(0.975, freedom)
    assert [quantiles()[STEPS // n] for n in freedom] == pytest.approx(wanted.tolist(), rel=1e-12)
    between = np.concatenate([np.linspace(1, 10, 181), np.geomspace(10, 1e6, 50)])
    found = [quantile_at(n) for n in between.tolist()]
    assert found == pytest.approx(stats.t.ppf(0.975, between).tolist(), rel=1e-5)


def test_one_seed_has_no_interval_nor_has_a_mean_over_it():
    single = paired([70.0], [60.0])
    assert (single.mean, single.low, single.high, single.significant) == (10.0, None, None, False)
    mean = over([single, paired([3.0, 4.0], [1.0, 1.0])])
    assert (mean.mean, mean.half) == (6.25, None)
    assert unpaired(Sample(3, 0, 1), Sample(1, 1, 4)).half is None


def test_without_any_variance_only_no_difference_is_no_difference():
    assert not paired([5.0, 6.0], [5.0, 6.0]).significant
    assert paired([6.0, 7.0], [5.0, 6.0]).significant
    assert over([Contrast(0.0, 0.0, 1)] * 2).freedom == 2


def test_nothing_in_common_is_no_comparison():
    for compute in (lambda: paired([], []), lambda: over([])):
        with pytest.raises(UndefinedMetricError, match="in common"):
            compute()
