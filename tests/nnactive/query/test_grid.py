import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from nnactive.query.grid import Grid

grids = st.one_of(
    st.tuples(*[st.integers(1, 12)] * 3),
    st.sampled_from([(1, 1, 70), (1, 40, 18), (33, 2, 3), (9, 17, 33), (16, 16, 32), (8, 8, 17)]),
)


@settings(max_examples=120, deadline=None)
@given(grids, st.integers(0, 2**32 - 1), st.sampled_from([0, 1, 2, 50]))
def test_best_position_equals_a_full_scan(shape, seed, levels):
    """Few levels, so that ties span several blocks; boxes that exceed the grid."""
    rng = np.random.default_rng(seed)
    values = rng.integers(0, levels, size=shape, endpoint=True).astype(float)
    values[rng.random(shape) < 0.1] = -np.inf
    kept = values.copy()
    grid = Grid(values)
    assert grid.highest == values.max()
    free = np.ones(shape, dtype=bool)
    for _ in range(12):
        highest = values[free].max(initial=-np.inf)
        tied = np.argwhere(free & (values == highest))
        assert grid.best() == (tuple(tied[0]) if len(tied) else None)
        start = [int(rng.integers(0, n + 1)) for n in shape]
        box = tuple(
            slice(a, a + int(rng.integers(0, n + 3))) for a, n in zip(start, shape, strict=True)
        )
        grid.take(box)
        free[box] = False
    np.testing.assert_array_equal(values, kept)


def test_no_position_is_left_when_all_are_taken():
    grid = Grid(np.full((3, 20, 20), -np.inf))
    assert grid.best() == (0, 0, 0)
    grid.take((slice(0, 3), slice(0, 20), slice(0, 19)))
    assert grid.best() == (0, 0, 19)
    grid.take((slice(0, 99), slice(0, 99), slice(19, 99)))
    assert grid.best() is None


def test_nan_shows_in_the_highest():
    values = np.zeros((2, 2, 2))
    values[1, 0, 1] = np.nan
    assert np.isnan(Grid(values).highest)
