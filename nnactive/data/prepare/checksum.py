"""The checksum of a prepared dataset: over all its arrays and its split, in whatever files."""

import hashlib
import json
from collections.abc import Mapping

import numpy as np


def array_digest(*arrays: np.ndarray) -> str:
    """SHA-256 over type, shape and content of arrays."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def dataset_checksum(pool: Mapping[str, str], test: Mapping[str, str]) -> str:
    """SHA-256 over both sides' cases, each with the ``array_digest`` of image and label."""
    sides = {"pool": dict(pool), "test": dict(test)}
    return hashlib.sha256(json.dumps(sides, sort_keys=True).encode()).hexdigest()
