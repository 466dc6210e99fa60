"""Seals: SHA-256 of what a step wrote and of what it read, in ``<output>.seal.json`` beside it."""

from pathlib import Path

from pydantic import Field

from nnactive.io.models import StateFile


class Seal(StateFile):
    """What a step wrote, and from what."""

    files: dict[str, str]
    """SHA-256 of each file by its path below the output; "" is the output itself."""
    inputs: dict[str, str] = Field(default_factory=dict)
    """Digest of each input as the step read it, by its path relative to the track's folder."""


def seal_file(output: Path) -> Path:
    """Seal of the step that writes ``output``."""
    return output.parent / f"{output.name}.seal.json"
