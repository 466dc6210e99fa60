import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboard.metrics import leave_one_seed_out, mean_ranks, ranks
from leaderboard.undefined import UndefinedMetricError


def test_two_decimals_of_percent_are_compared_and_ties_share_the_lowest():
    assert ranks([71.234, 80.0, 71.2341, 60.0]) == [2, 1, 2, 4]
    assert ranks([71.23, 71.24]) == [2, 1]
    assert ranks([7.1, 7.14, 7.2], decimals=1) == [2, 2, 1]
    assert ranks([]) == []


@settings(deadline=None)
@given(st.lists(st.integers(0, 20), min_size=1, max_size=9), st.randoms())
def test_a_rank_is_one_plus_the_number_of_better_ones_in_any_order(scores, random):
    expected = [1 + sum(other > score for other in scores) for score in scores]
    assert ranks(scores) == expected
    order = random.sample(range(len(scores)), len(scores))
    assert ranks([scores[i] for i in order]) == [expected[i] for i in order]


@settings(deadline=None)
@given(st.lists(st.integers(0, 20), min_size=1, max_size=9))
def test_a_duplicate_moves_those_behind_it_by_one(scores):
    before, after = ranks(scores), ranks([*scores, scores[0]])
    assert after == [*(rank + (rank > before[0]) for rank in before), before[0]]


def test_leaving_one_seed_out_by_hand():
    # Means without seed 0: 60, 65, 62; without 1: 70, 65, 66; without 2: 65, 60, 64
    values = np.array([[75.0, 55.0, 65.0], [60.0, 60.0, 70.0], [68.0, 60.0, 64.0]])
    assert leave_one_seed_out(values).tolist() == [[3, 1, 2], [1, 3, 2], [1, 3, 2]]


@pytest.mark.parametrize(
    ("values", "reason"), [([[1.0], [2.0]], "2 seeds"), ([[1.0, np.nan], [2.0, 3.0]], "missing")]
)
def test_leaving_one_seed_out_refuses(values, reason):
    with pytest.raises(UndefinedMetricError, match=reason):
        leave_one_seed_out(np.array(values))


def test_mean_rank_by_hand():
    # Ranks 1, 2, 3: sample std 1, over sqrt(3). Ranks 2, 2, 2: no spread.
    result = mean_ranks(np.array([[1, 2], [2, 2], [3, 2]]))
    assert result.mean.tolist() == [2.0, 2.0]
    assert result.standard_error == pytest.approx([3**-0.5, 0.0])


def test_mean_rank_of_one_setting_has_no_error():
    result = mean_ranks(np.array([[1, 2]]))
    assert result.mean.tolist() == [1.0, 2.0]
    assert result.standard_error is None
    with pytest.raises(UndefinedMetricError, match="no setting"):
        mean_ranks(np.zeros((0, 2)))
