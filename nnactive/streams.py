"""Named random streams: the only place that makes a generator."""

import hashlib
import json

import numpy as np


def stream(*names: object) -> np.random.Generator:
    """Generator whose draws depend on ``names`` alone.

    Names are strings, whole numbers or tuples of them. Written as JSON and hashed with SHA-256 they
    are the seed of PCG64, so two different lists of names never share a stream (protocol
    section 5, "Randomness").

    >>> int(stream("phantom", 1).integers(1000)) == int(stream("phantom", 1).integers(1000))
    True
    """
    text = json.dumps(names, ensure_ascii=True)
    digest = hashlib.sha256(text.encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))


def protocol_split_generator() -> np.random.Generator:
    """Generator of the pool/test split: the one draw whose seed the protocol fixes (section 2)."""
    return np.random.default_rng(12345)
