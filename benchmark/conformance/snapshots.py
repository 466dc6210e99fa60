"""What a query must not change: a snapshot before it, and what differs after it."""

import hashlib
import pickle
import random
from collections.abc import Iterator

import numpy as np

from benchmark.conformance.pools import Contents
from benchmark.conformance.views import Watch
from nnactive.pool.view import PoolView

Snapshot = dict[str, str]
"""Hashes by the name of what is hashed."""


def seed_globals(number: int) -> None:
    """Put the process's global random generators into a state that depends on ``number``."""
    import torch

    random.seed(number)
    np.random.seed(number)  # noqa: NPY002  (the generators that a method must not use)
    torch.manual_seed(number)


def snapshot(pool: PoolView, contents: Contents) -> Snapshot:
    """State of everything that a query must leave unchanged."""
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
    info = pool.info
    sizes = (dict(info.shapes), info.spacing, info.patch_size, info.stride, info.candidates)
    numbers = (info.loop, info.queries, info.n_classes, pool.rng("snapshot").bytes(8))
    advice = "draw from pool.rng alone"
    torch_advice = "draw, and build modules, inside 'with pool.torch_rng(...)'"
    return {
        **{name: _hash(array.tobytes()) for name, array in arrays.items()},
        "the list of labelled patches": _hash(info.labelled),
        "the pool's sizes": _hash((sizes, numbers)),
        f"the global state of Python's random generator ({advice})": _hash(random.getstate()),
        f"the global state of NumPy's random generator ({advice})": _hash(
            np.random.get_state(),  # noqa: NPY002
        ),
        f"the global state of torch's random generator ({torch_advice})": _hash(
            torch.get_rng_state().numpy().tobytes()
        ),
    }


def changes(before: Snapshot, pool: PoolView, contents: Contents, watch: Watch) -> Iterator[str]:
    """What differs from a snapshot, and predictions that were changed in place."""
    import torch

    after = snapshot(pool, contents)
    yield from (what for what, value in before.items() if after[what] != value)
    copied = watch.borrowed.copied
    yield from (what for what, tensor, copy in copied if not torch.equal(tensor, copy))


def _hash(value: object) -> str:
    return hashlib.sha256(pickle.dumps(value)).hexdigest()
