"""Small pools in memory, for tests of what sits between predictions and patches."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from nnactive.geometry import Patch
from nnactive.labels import partial_label
from nnactive.pool import PoolView
from nnactive.prediction import fold
from nnactive.streams import stream

IGNORE = 3
SHAPES = {"a": (9, 12, 10), "b": (12, 9, 14), "c": (3, 16, 16), "d": (10, 10, 10)}


def make_label(case, shape, n_classes=3):
    """A small cube of each foreground class in a sea of background."""
    rng = stream("label", case)
    label = np.zeros(shape, dtype=np.int16)
    for value in range(1, n_classes):
        z, y, x = (int(rng.integers(max(1, n - 2))) for n in shape)
        label[z : z + 2, y : y + 2, x : x + 2] = value
    return label


def make_members(case, shape, n_classes=3, members=2):
    generator = torch.Generator().manual_seed(int(stream("member", case).integers(2**31)))
    return [
        torch.softmax(2 * torch.randn((n_classes, *shape), generator=generator), dim=0)
        for _ in range(members)
    ]


@pytest.fixture(scope="session")
def make_pool() -> Callable[..., PoolView]:
    """Build a pool view; every part can be replaced by keyword."""

    def build(method=None, shapes=SHAPES, labelled=(), members=make_members, **changes):
        labels = {case: make_label(case, shape) for case, shape in shapes.items()}
        ignore_elsewhere = {
            case: partial_label(labels[case], [p for p in labelled if p.case == case], IGNORE)
            for case in shapes
        }
        parts = {
            "shapes": shapes,
            "spacing": (2.0, 1.0, 1.0),
            "patch_size": (4, 4, 4),
            "stride": (2, 2, 2),
            "candidates": 5,
            "loop": 1,
            "queries": 2,
            "n_classes": 3,
            "labelled": tuple(labelled),
            "images": lambda case: np.zeros((1, *shapes[case]), dtype=np.float32),
            "partial_labels": ignore_elsewhere.__getitem__,
            "predictor": lambda case, needs: fold(
                case, lambda: iter(members(case, shapes[case])), needs
            ),
            "needs": method.needs if method else frozenset({"mean"}),
            "names": ("setting", "method", 1, 1),
            "oracle_labels": labels.__getitem__ if method and method.oracle else None,
        }
        return PoolView(**{**parts, **changes})

    return build


@pytest.fixture(scope="session")
def check_patches() -> Callable[..., None]:
    """Exhaustive check, voxel by voxel, of what every query owes."""

    def check(patches, pool, n):
        assert len(patches) == n
        taken = {case: np.zeros(shape, dtype=int) for case, shape in pool.shapes.items()}
        for patch in [*pool.labelled, *patches]:
            expected = tuple(
                min(p, s) for p, s in zip(pool.patch_size, taken[patch.case].shape, strict=True)
            )
            assert patch.size == expected
            assert min(patch.start) >= 0
            box = taken[patch.case][patch.slices]
            assert box.shape == expected
            box += 1
        assert max(int(array.max()) for array in taken.values()) == 1

    return check


@pytest.fixture(scope="session")
def make_dataset():
    """A prepared dataset's stand-in with pool labels in memory, which counts its readings."""

    def build(labels, classes, name="toy"):
        readings = []

        def pool_label(case):
            readings.append(case)
            return labels[case]

        pool = tuple(SimpleNamespace(id=case, shape=label.shape) for case, label in labels.items())
        return SimpleNamespace(
            info=SimpleNamespace(name=name, classes=tuple(classes), pool=pool),
            shape=lambda case: labels[case].shape,
            pool_label=pool_label,
            readings=readings,
        )

    return build


@pytest.fixture(scope="session")
def labelled_patch():
    """A patch that some tests take as labelled."""
    return Patch("d", (3, 3, 3), (4, 4, 4))
