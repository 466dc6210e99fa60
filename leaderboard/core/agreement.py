"""Kendall's tau of many rankings at a time."""

import numpy as np


def pairs(methods: int) -> tuple[np.ndarray, np.ndarray]:
    """The first and the second of each pair of methods, by place.

    >>> first, second = pairs(3)
    >>> first.tolist(), second.tolist()
    ([0, 0, 1], [1, 2, 2])
    """
    first, second = np.triu_indices(methods, k=1)
    return first, second


def differences(scores: np.ndarray) -> np.ndarray:
    """Of each pair of the K methods on the last axis: first minus second, ``(..., pairs)``."""
    first, second = pairs(scores.shape[-1])
    return np.asarray(scores[..., first] - scores[..., second])


def tau(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Kendall's tau-b of rankings of the K methods on the last axis, ``(...)``.

    NaN where all scores of one of the two are equal. As ``metrics.kendall``, which takes one pair
    of rankings at a time and has a p-value.

    >>> tau(np.array([[4.0, 3, 2, 1]]), np.array([[4.0, 2, 3, 1]])).round(3).tolist()
    [0.667]
    """
    a, b = np.sign(differences(one)), np.sign(differences(other))
    with np.errstate(invalid="ignore"):
        return np.asarray((a * b).sum(-1) / np.sqrt((a**2).sum(-1) * (b**2).sum(-1)))
