"""What patches must keep, compared with a look at every voxel."""

import time

import numpy as np

from nnactive.answers.patch_rules import problems
from nnactive.geometry import Patch

SHAPES = {"a": (9, 12, 10), "b": (3, 16, 16)}
SIZE = (4, 4, 4)


def test_overlaps_are_those_of_the_voxels() -> None:
    draw = np.random.default_rng(7)
    for _ in range(50):
        patches = []
        for case in draw.choice(["a", "b"], 12).tolist():
            size = tuple(np.minimum(SIZE, SHAPES[case]).tolist())
            room = np.subtract(SHAPES[case], size)
            patches.append(Patch(case, tuple(draw.integers(0, room + 1).tolist()), size))
        taken = {case: np.zeros(shape, dtype=bool) for case, shape in SHAPES.items()}
        wanted = 0
        for patch in patches:
            box = taken[patch.case][patch.slices]
            wanted += bool(box.any())
            if not box.any():
                box[:] = True
        found = list(problems([patches[:5], patches[5:]], SHAPES, SIZE))
        assert len(found) == wanted
        assert all(" overlaps the one at " in line for line in found)


def test_each_problem_names_its_loop_and_patch() -> None:
    good = Patch("a", (0, 0, 0), SIZE)
    wrong = [
        Patch("c", (0, 0, 0), SIZE),
        Patch("a", (4, 0, 0), (4, 4, 5)),
        Patch("a", (6, 0, 0), SIZE),
        Patch("a", (-1, 0, 0), SIZE),
        Patch("a", (0, 0, 3), SIZE),
        Patch("b", (0, 0, 0), SIZE),
    ]
    leaves = "leaves the image of shape (9, 12, 10)"
    assert list(problems([[good], wrong], SHAPES, SIZE)) == [
        "loop 1: a patch in 'c', which isn't a case of the pool",
        "loop 1: a: the patch at (4, 0, 0) has size (4, 4, 5) instead of (4, 4, 4)",
        f"loop 1: a: the patch at (6, 0, 0) of size (4, 4, 4) {leaves}",
        f"loop 1: a: the patch at (-1, 0, 0) of size (4, 4, 4) {leaves}",
        "loop 1: a: the patch at (0, 0, 3) overlaps the one at (0, 0, 0)",
        "loop 1: b: the patch at (0, 0, 0) has size (4, 4, 4) instead of (3, 4, 4)",
    ]


def test_many_patches_of_one_case_take_no_time() -> None:
    patches = [Patch("a", (z, y, 0), (1, 1, 1)) for z in range(150) for y in range(150)]
    begin = time.process_time()
    assert not list(problems([patches], {"a": (150, 150, 1)}, (1, 1, 1)))
    assert time.process_time() - begin < 2
