"""How far boundaries are off: rates, and what they must not depend on."""

import numpy as np
import pytest
from support import peak_growth

from nnactive.annotator.boundary import Displacement, displaced
from nnactive.geometry import Patch
from nnactive.streams import stream

SHAPE, SPACING = (40, 90, 80), (3.0, 1.0, 1.5)


def field(name: str = "a", **changes: float) -> Displacement:
    given = {"deviation": 1.5, "length": 8.0} | changes
    return Displacement.drawn(SHAPE, SPACING, rng=stream("test", name), **given)


def whole(shape=SHAPE) -> Patch:
    return Patch("c", (0, 0, 0), shape)


@pytest.mark.parametrize("axis", [0, 1, 2], ids=["z", "y", "x"])
def test_displacements_have_the_stated_deviation_in_mm_at_every_voxel(axis: int) -> None:
    # 60 fields at voxels far apart, so that the draws are nearly independent.
    drawn = [field(f"{n}").inside(whole())[axis, 5::12, 7::33, 3::23] for n in range(60)]
    mm = np.array(drawn) * SPACING[axis]
    assert abs(mm.mean()) < 0.1
    assert mm.std() == pytest.approx(1.5, rel=0.06)
    assert mm.std(axis=0).min() > 1.0


def test_neighbours_move_together_and_distant_voxels_do_not() -> None:
    long = (24, 40, 400)
    drawn = [
        Displacement.drawn(long, (1.0, 1.0, 1.0), 1.0, 8.0, stream("test", n)).inside(
            Patch("c", (12, 20, 0), (1, 1, 400))
        )[0, 0, 0]
        for n in range(80)
    ]
    lines = np.array(drawn)

    def correlation(lag: int) -> float:
        return float((lines[:, lag:] * lines[:, : lines.shape[1] - lag]).mean() / lines.var())

    assert correlation(1) > 0.95
    assert correlation(8) == pytest.approx(0.49, abs=0.1)
    assert abs(correlation(32)) < 0.1


@pytest.mark.parametrize(
    "box",
    [Patch("c", (3, 50, 11), (9, 21, 30)), Patch("c", (17, 0, 0), (1, 90, 80)), whole()],
    ids=["patch", "slice", "image"],
)
def test_a_voxel_has_the_same_label_in_every_box(box: Patch) -> None:
    label = stream("labels").integers(0, 4, SHAPE).astype(np.int16)
    everything = displaced(label, whole(), field())
    assert np.array_equal(displaced(label, box, field()), everything[box.slices])


def test_the_last_voxel_has_its_knots_where_its_place_is_rounded_up() -> None:
    drawn = Displacement.drawn((63, 4, 4), (0.3, 1.0, 1.0), 1.0, 0.6, stream("rounded"))
    assert 62 * 0.3 / 0.6 < 31 <= 62 * (0.3 / 0.6)
    two, one = (drawn.inside(Patch("case", (63 - n, 0, 0), (n, 4, 4))) for n in (2, 1))
    np.testing.assert_allclose(two[:, 1], one[:, 0], atol=1e-5)


def test_a_plane_moves_by_what_the_field_says() -> None:
    label = np.zeros(SHAPE, np.int16)
    label[:, 45:] = 1
    drawn = displaced(label, whole(), field(deviation=3.0))
    edge = drawn.argmax(axis=1) - 45
    assert edge.std() == pytest.approx(3.0, rel=0.25)
    assert np.array_equal(displaced(label, whole(), field(deviation=0.0)), label)
    assert not np.array_equal(drawn, displaced(label, whole(), field("b", deviation=3.0)))


def test_a_patch_of_a_large_image_takes_little_memory() -> None:
    shape, box = (400, 512, 512), Patch("c", (200, 100, 100), (64, 64, 64))
    label = np.zeros(shape, np.uint8)

    def draw() -> None:
        made = Displacement.drawn(shape, (1.0, 0.8, 0.8), 1.5, 10.0, stream("big"))
        displaced(label, box, made)

    assert peak_growth(draw) < 40
