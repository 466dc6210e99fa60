import numpy as np
import pytest
from scipy.stats import f_oneway, ttest_ind_from_stats, tukey_hsd
from scipy.stats import t as student

from leaderboard.metrics.pooled_t import pooled_t
from leaderboard.undefined import UndefinedMetricError


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def summary(*samples):
    table = np.array(samples)
    return table.mean(axis=1)[None], table.std(axis=1, ddof=1)[None], np.full((1, len(table)), 4)


def test_two_methods_are_students_test():
    p_values = pooled_t(np.array([[70.0, 68.0]]), np.array([[1.0, 2.0]]), np.array([[4, 6]]))
    known = ttest_ind_from_stats(70, 1, 4, 68, 2, 6, equal_var=True)
    assert p_values[0, 1] == pytest.approx(known.pvalue)
    assert p_values.diagonal().tolist() == [1.0, 1.0]


def test_the_variance_is_that_of_an_analysis_of_variance(rng):
    samples = rng.normal([[60], [61], [66]], 2.0, (3, 4))
    p_values = pooled_t(*summary(*samples))
    # With three methods whose means are a, b, c: F is the mean of the squared t of contrasts.
    means, stds, _ = summary(*samples)
    t_squared = (means[0][:, None] - means[0]) ** 2 / ((stds**2).mean() * 2 / 4)
    f_value = t_squared[np.triu_indices(3, 1)].sum() / 3
    assert f_value == pytest.approx(f_oneway(*samples).statistic)
    assert p_values[0, 2] == pytest.approx(2 * student.sf(t_squared[0, 2] ** 0.5, 9))


def test_it_agrees_with_tukey_before_correction(rng):
    samples = rng.normal([[60], [61], [66]], 1.0, (3, 4))
    tukey = tukey_hsd(*samples).pvalue
    own = pooled_t(*summary(*samples))
    pairs = np.triu_indices(3, 1)
    assert (own[pairs] <= tukey[pairs]).all()
    assert np.argsort(own[pairs]).tolist() == np.argsort(tukey[pairs]).tolist()


def test_several_settings_have_welch_satterthwaites_freedom():
    means, stds = np.array([[70.0, 66.0], [60.0, 58.0]]), np.array([[1.0, 1.0], [3.0, 3.0]])
    errors = np.array([1.0, 9.0]) / 4
    freedom = errors.sum() ** 2 / (errors**2 / 6).sum()
    expected = 2 * student.sf(3.0 / np.sqrt(2 * errors.sum() / 4), freedom)
    assert pooled_t(means, stds, np.full((2, 2), 4))[0, 1] == pytest.approx(expected)


def test_its_level_holds(rng):
    samples = rng.normal(0, 1, (4000, 2, 4))
    p_values = np.array(
        [
            pooled_t(s.mean(axis=1)[None], s.std(axis=1, ddof=1)[None], np.full((1, 2), 4))[0, 1]
            for s in samples
        ]
    )
    assert (p_values < 0.05).mean() == pytest.approx(0.05, abs=0.01)


def test_without_variance_any_difference_counts():
    found = pooled_t(np.array([[70.0, 70.0, 60.0]]), np.zeros((1, 3)), np.full((1, 3), 4))
    assert found.tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 1]]


@pytest.mark.parametrize(
    ("stds", "seeds"), [([1.0, np.nan], 4), ([1.0, 1.0], 1)], ids=["no deviation", "one seed"]
)
def test_what_is_unknown_is_no_test(stds, seeds):
    with pytest.raises(UndefinedMetricError, match="at least 2 seeds"):
        pooled_t(np.array([[70.0, 60.0]]), np.array([stds]), np.full((1, 2), seeds))


def test_one_method_is_no_test():
    with pytest.raises(UndefinedMetricError, match="at least 2 methods"):
        pooled_t(np.ones((1, 1)), np.ones((1, 1)), np.full((1, 1), 4))
