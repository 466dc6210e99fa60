"""What a query may not change: a snapshot before it, and what differs after it."""

import hashlib
import pickle
import random
from collections.abc import Iterator

import numpy as np

from benchmark.conformance.pools import Contents
from benchmark.conformance.views import WatchedPool

Snapshot = dict[str, str]
"""A hash by what it is of."""


def seed_globals(number: int) -> None:
    """Put the process' global random generators into another state for another number."""
    import torch

    random.seed(number)
    np.random.seed(number)  # noqa: NPY002  (the generators that a method must not use)
    torch.manual_seed(number)


def snapshot(pool: WatchedPool, contents: Contents) -> Snapshot:
    """State of all that a query must leave as it is."""
    import torch

    arrays = {
        f"{what} of case {case}": array
        for what, arrays in (
            ("the image", contents.images),
            ("the label map", contents.labels),
            ("the partial label map", contents.partial),
        )
        for case, array in arrays.items()
    }
    advice = "draw from pool.rng alone"
    return {
        **{name: _hash(array.tobytes()) for name, array in arrays.items()},
        "the list of labelled patches": _hash(pool.labelled),
        "the pool's sizes": _hash((dict(pool.shapes), pool.patch_size, pool.stride, pool.names)),
        f"the global state of Python's random generator ({advice})": _hash(random.getstate()),
        f"the global state of NumPy's random generator ({advice})": _hash(
            np.random.get_state(),  # noqa: NPY002
        ),
        f"the global state of torch's random generator ({advice})": _hash(
            torch.get_rng_state().numpy().tobytes()
        ),
    }


def changes(before: Snapshot, pool: WatchedPool, contents: Contents) -> Iterator[str]:
    """What differs from a snapshot, and predictions that were changed in place."""
    import torch

    after = snapshot(pool, contents)
    yield from (what for what, value in before.items() if after[what] != value)
    yield from (what for what, tensor, copy in pool.lent.handed if not torch.equal(tensor, copy))


def _hash(value: object) -> str:
    return hashlib.sha256(pickle.dumps(value)).hexdigest()
