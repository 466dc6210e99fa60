"""The rules on arrays say the same as the rules in words."""

import numpy as np
import pytest

from nnactive.answers.patch_arrays import keep_rules
from nnactive.answers.patch_rules import problems
from nnactive.geometry import Patch

SHAPES = {"a": (9, 12, 10), "b": (3, 16, 16), "c": (40, 4, 4)}
SIZE = (4, 4, 4)


def on_arrays(patches: list[Patch], shapes=SHAPES) -> bool:
    starts, sizes = (
        [list(column) for column in zip(*rows, strict=True)]
        for rows in ([each.start for each in patches], [each.size for each in patches])
    )
    return keep_rules([each.case for each in patches], starts, sizes, shapes, SIZE)


def test_both_say_the_same_of_random_patches() -> None:
    draw, said = np.random.default_rng(7), {True: 0, False: 0}
    for _ in range(600):
        patches = []
        for case in draw.choice(list(SHAPES), draw.integers(1, 6)).tolist():
            size = np.minimum(SIZE, SHAPES[case])
            room = np.subtract(SHAPES[case], size) + (draw.random() < 0.05)
            size = size - (draw.random(3) < 0.01)
            start = draw.integers(-(draw.random() < 0.05), room + 1)
            patches.append(Patch(case, tuple(start.tolist()), tuple(size.tolist())))
        fine = not list(problems([patches], SHAPES, SIZE))
        assert on_arrays(patches) == fine, patches
        said[fine] += 1
    assert min(said.values()) > 100


@pytest.mark.parametrize(
    "patch",
    [
        Patch("d", (0, 0, 0), SIZE),
        Patch("a", (2**63, 0, 0), SIZE),
        Patch("a", (0, 0, 0), (0, 4, 4)),
        Patch("a", (4, 9, 0), SIZE),
        Patch("a", (3, 3, 3), SIZE),
    ],
    ids=["no case", "beyond 64 bits", "no voxels", "outside", "overlap"],
)
def test_what_breaks_a_rule_is_seen(patch) -> None:
    good = Patch("a", (0, 0, 0), SIZE)
    assert on_arrays([good, Patch("b", (0, 0, 0), (3, 4, 4))])
    assert not on_arrays([good, patch])


def test_without_shapes_the_smallest_count() -> None:
    patches = [Patch("a", (0, 0, 0), SIZE), Patch("a", (90, 0, 0), SIZE)]
    assert on_arrays(patches, None)
    assert on_arrays([Patch("b", (0, 0, 0), (3, 4, 4)), Patch("b", (0, 4, 0), (3, 4, 4))], None)
    assert not on_arrays([Patch("b", (0, 0, 0), (3, 4, 4)), Patch("b", (3, 0, 0), SIZE)], None)
    assert not on_arrays([patches[0], Patch("a", (0, 2, 0), SIZE)], None)


def test_nothing_and_huge_images_are_left_to_the_words() -> None:
    assert not keep_rules([], [[], [], []], [[], [], []], {}, SIZE)
    far = Patch("a", (2**40, 2**40, 2**40), SIZE)
    assert not on_arrays([far], {"a": (2**50, 2**50, 2**50)})
