"""Whether a run's seal vouches for a result."""

from pathlib import Path

from benchmark.bundles.bounded import read_bounded
from nnactive.errors import UserError
from nnactive.io.seals import Seal, is_named, seal_file

LARGEST_SEAL = 1 << 20
"""Bytes."""


def is_sealed(result: Path, digest: str) -> bool:
    """Whether the step of a run that made a result has sealed it as it is.

    Args:
        result: its file.
        digest: SHA-256 of the file.
    """
    try:
        seal = read_bounded(seal_file(result), Seal, LARGEST_SEAL)
    except UserError:
        return False
    return seal.files == {"": digest} and is_named(result.absolute(), seal.name)
