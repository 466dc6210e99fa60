import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard import formatting
from leaderboard.formatting import number, shown


def test_the_examples_hold():
    assert doctest.testmod(formatting).failed == 0
    assert doctest.testmod(formatting).attempted > 0


@given(st.floats(0, 100), st.sampled_from(["%", "s", ""]))
def test_a_file_rounds_to_what_is_shown(value, unit):
    assert shown(number(value, unit), unit) == shown(value, unit)
    assert abs(number(value, unit) - value) <= 0.0051


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (-0.04, "%", "0.0"),
        (-1234.56, "s", "-1\u202f234.6"),
        (0.5, "voxels", "1"),
        (2.5, "%", "2.5"),
    ],
)
def test_shown(value, unit, text):
    assert shown(value, unit) == text
