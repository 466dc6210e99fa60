import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboard.metrics import primary_score
from leaderboard.undefined import UndefinedMetricError


def test_by_hand():
    # From .5 to .9 there are .4 to go; .73 went .23 of them.
    assert primary_score(0.73, 0.5, 0.9) == pytest.approx(57.5)
    assert primary_score(0.5, 0.5, 0.9) == 0
    assert primary_score(0.45, 0.5, 0.9) == pytest.approx(-12.5)


@settings(deadline=None)
@given(st.floats(0, 1), st.floats(0, 0.5), st.floats(0.51, 1))
def test_it_undoes_the_straight_line_from_start_to_full(aubc, start, full):
    assert start + primary_score(aubc, start, full) / 100 * (full - start) == pytest.approx(aubc)


@pytest.mark.parametrize("full", [0.5, 0.4, float("nan")])
def test_full_data_that_is_no_better_has_no_answer(full):
    with pytest.raises(UndefinedMetricError, match="no better than the starting budget"):
        primary_score(0.6, 0.5, full)
