"""Named random streams: the only module that creates generators."""

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
    text = json.dumps(names, ensure_ascii=True)
    digest = hashlib.sha256(text.encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))


def protocol_split_generator() -> np.random.Generator:
    """Generator of the pool/test split, the one draw whose seed the protocol fixes (section 2)."""
    return np.random.default_rng(12345)
