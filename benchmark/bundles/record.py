"""``bundle.json``: what a bundle holds, file by file."""

import hashlib
import json
from typing import Annotated

from pydantic import Field

from benchmark.results import MethodRecord, Moment
from nnactive.io.models import Frozen, StateFile

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class BundledFile(Frozen):
    """One file of a bundle."""

    size: Annotated[int, Field(strict=True, ge=0)]
    """Bytes."""
    sha256: Sha256


class BundleRecord(StateFile):
    """The content of ``bundle.json``."""

    protocol_version: str
    track: str
    comparable: bool
    """False for reduced-cost tracks."""
    method: MethodRecord
    made: Moment
    command: str
    """The command line that wrote it."""
    code: str
    """SHA-256 of the benchmark's code that wrote it."""
    commit: str
    """Its git commit; ``unknown`` outside git."""
    files: dict[str, BundledFile]
    """Every other file by its path in the bundle, with forward slashes."""

    @property
    def digest(self) -> str:
        """SHA-256 over the names and hashes of all files: what a signature or attestation names."""
        rows = sorted((name, each.sha256) for name, each in self.files.items())
        return hashlib.sha256(json.dumps(rows).encode()).hexdigest()
