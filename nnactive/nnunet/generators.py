"""States of the global random generators, which nnU-Net's augmentation draws from."""

import random
from typing import Any

import numpy as np
import torch


def renew() -> None:
    """Draw what follows from the system's randomness, whatever this process was forked from.

    So do a fresh process's generators, from which nnU-Net draws the first weights, too.
    """
    random.seed()
    np.random.seed()  # noqa: NPY002
    torch.seed()


def seed_all(number: int) -> None:
    """Draw what follows from ``number``, of 64 bits, alone."""
    random.seed(number)
    np.random.seed([number >> 32, number & 0xFFFFFFFF])  # noqa: NPY002
    torch.manual_seed(number)


def states() -> dict[str, Any]:
    """All states, as plain numbers and tensors."""
    version, inner, gauss = random.getstate()
    kind, keys, position, has_gauss, cached = np.random.get_state(legacy=True)  # noqa: NPY002
    words = torch.from_numpy(np.asarray(keys).astype(np.int64))
    return {
        "python": [version, list(inner), gauss],
        "numpy": [kind, words, position, int(has_gauss), float(cached)],
        "torch": torch.get_rng_state(),
    }


def restore(saved: dict[str, Any]) -> None:
    """Go on drawing where `states` was called."""
    version, inner, gauss = saved["python"]
    random.setstate((version, tuple(inner), gauss))
    kind, words, *rest = saved["numpy"]
    np.random.set_state((kind, words.numpy().astype(np.uint32), *rest))  # noqa: NPY002
    torch.set_rng_state(saved["torch"])
