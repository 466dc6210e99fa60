"""What an annotator's errors may be at most."""

import math

import pytest
from pydantic import ValidationError

from nnactive.io.files import first_problem
from nnactive.settings import Annotator

FIELDS = {
    "boundary_sd_mm": 1.5,
    "boundary_length_mm": 100.0,
    "missed_share": 0.3,
    "missed_below_mm3": 1000.0,
}
TINY = 1e-9


def problem(**fields: float) -> str:
    with pytest.raises(ValidationError) as caught:
        Annotator(**(FIELDS | fields))
    return first_problem(caught.value)


@pytest.mark.parametrize(
    ("field", "low", "high"),
    [
        ("boundary_sd_mm", 0.0, 20.0),
        ("boundary_length_mm", 1.5, 200.0),  # 1.5: the deviation
        ("missed_share", 0.0, 1.0),
        ("missed_below_mm3", TINY, 100_000.0),
    ],
)
def test_a_bound_itself_is_allowed(field, low, high) -> None:
    for value in (low, high):
        assert getattr(Annotator(**(FIELDS | {field: value})), field) == value


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("boundary_sd_mm", -TINY, "greater than or equal to 0"),
        ("boundary_sd_mm", 20 + TINY, "less than or equal to 20"),
        ("boundary_length_mm", 1 - TINY, "greater than or equal to 1"),
        ("boundary_length_mm", 200 + 1e-6, "less than or equal to 200"),
        ("missed_share", -TINY, "greater than or equal to 0"),
        ("missed_share", 1 + TINY, "less than or equal to 1"),
        ("missed_below_mm3", 0.0, "greater than 0"),
        ("missed_below_mm3", 100_000.1, "less than or equal to 100000"),
    ],
)
def test_beyond_a_bound_field_and_bound_are_named(field, value, told) -> None:
    assert problem(**{field: value}) == f"field '{field}': Input should be {told}"


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("value", [math.inf, math.nan])
def test_only_finite_numbers_are_allowed(field, value) -> None:
    assert problem(**{field: value}).startswith(f"field '{field}': ")


def test_a_displacement_larger_than_its_correlation_length_is_refused() -> None:
    assert Annotator(**(FIELDS | {"boundary_sd_mm": 4, "boundary_length_mm": 4}))
    told = problem(boundary_sd_mm=4.5, boundary_length_mm=4)
    assert "boundary_sd_mm is 4.5 and boundary_length_mm 4: " in told
    assert told.endswith("lower the first or raise the second")
