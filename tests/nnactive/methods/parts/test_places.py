"""Random places of an image, and what is measured of patches."""

import numpy as np
import pytest
from pools import LABELLED, SHAPES

from nnactive.errors import MethodError
from nnactive.geometry import Patch, overlaps_any
from nnactive.methods import measure, places

TIGHT = {"a": (4, 4, 9)}


@pytest.mark.parametrize("apart", [True, False])
def test_places_are_inside_and_free(make_pool, apart) -> None:
    pool = make_pool(labelled=[LABELLED])
    for case, shape in SHAPES.items():
        found = places(pool, case, 40, apart=apart)
        assert all(place.inside(shape) for place in found)
        assert not any(overlaps_any(place, pool.labelled_in(case)) for place in found)
        together = any(overlaps_any(place, found[:i]) for i, place in enumerate(found))
        # The labelled patch leaves no room in the middle of d.
        assert together == (not apart and bool(found))
    assert len(places(pool, "a", 40, apart=False)) == 40


@pytest.mark.parametrize("apart", [True, False])
def test_fewer_places_are_the_first_of_more(make_pool, apart) -> None:
    pool = make_pool()
    more = places(pool, "a", 6, apart=apart)
    assert places(pool, "a", 2, apart=apart) == more[:2]
    assert places(pool, "a", 6, "other", apart=apart) != more


def test_an_image_without_room_has_fewer(make_pool) -> None:
    pool = make_pool(shapes=TIGHT, labelled=[Patch("a", (0, 0, 0), (4, 4, 4))])
    (only,) = places(pool, "a", 5)
    assert only.start[2] in {4, 5}


def test_every_position_is_as_likely(make_pool) -> None:
    pool = make_pool(shapes=TIGHT)
    starts = [place.start[2] for place in places(pool, "a", 6000, apart=False)]
    assert np.allclose(np.bincount(starts) / 6000, 1 / 6, atol=0.02)


def test_rows_come_back_in_the_order_of_the_patches(make_pool) -> None:
    pool = make_pool(workers=3)
    patches = [Patch(case, (0, y, 0), (4, 4, 4)) for y in range(3) for case in "dab"]
    asked: dict[str, int] = {}

    def row(case, some):
        asked[case] = asked.get(case, 0) + 1
        return [[ord(case), patch.start[1]] for patch in some]

    rows = measure(pool, patches, row)
    assert rows.tolist() == [[ord(patch.case), patch.start[1]] for patch in patches]
    assert asked == {"a": 1, "b": 1, "d": 1}
    assert measure(pool, [], row).shape == (0,)


def test_a_row_for_each_patch(make_pool) -> None:
    patches = [Patch("b", (0, 0, 0), (4, 4, 4))]
    with pytest.raises(MethodError, match=r"b: .*shape \(2, 1\) for 1 patches"):
        measure(make_pool(), patches, lambda *_: np.zeros((2, 1)))
