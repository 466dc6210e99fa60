"""Named random streams: the only module that seeds generators, NumPy's and torch's."""

import hashlib
import json

import numpy as np


def stream(*names: object) -> np.random.Generator:
    """Generator whose draws depend only on ``names``.

    Names are strings, whole numbers or tuples of them. Their JSON, hashed with SHA-256, seeds
    PCG64, so different lists of names never share a stream (protocol section 5, "Randomness").

    >>> int(stream("phantom", 1).integers(1000)) == int(stream("phantom", 1).integers(1000))
    True
    """
    return np.random.Generator(np.random.PCG64(int.from_bytes(_digest(names), "big")))


def seed(*names: object) -> int:
    """Seed of 64 bits for another library's generator, from the same hash as `stream`."""
    return int.from_bytes(_digest(names)[:8], "big")


def protocol_split_generator() -> np.random.Generator:
    """Generator of the pool/test split, the one draw whose seed the protocol fixes (section 2)."""
    return np.random.default_rng(12345)


def _digest(names: tuple[object, ...]) -> bytes:
    return hashlib.sha256(json.dumps(names, ensure_ascii=True).encode()).digest()
