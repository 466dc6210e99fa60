"""Fixtures for unit tests of nnactive."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
from pools import LABELLED, build_pool

from nnactive.geometry import Patch
from nnactive.pool.view import PoolView


@pytest.fixture(scope="session")
def make_pool() -> Callable[..., PoolView]:
    """Builds a pool view; see `build_pool`."""
    return build_pool


@pytest.fixture(scope="session")
def check_patches() -> Callable[..., None]:
    """Exhaustive voxel-by-voxel check of a query's patches."""

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
    """A stand-in for a prepared dataset, with pool labels in memory and a record of reads."""

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
def labelled_patch() -> Patch:
    """A patch that some tests treat as labelled."""
    return LABELLED
