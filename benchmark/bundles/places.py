"""Paths in a bundle, relative to its folder."""

from pathlib import Path
from typing import Final

RECORD: Final = Path("bundle.json")
MANIFEST: Final = Path("submission.yaml")
TRACK: Final = Path("track.json")
SPEC: Final = Path("method.json")
CODE: Final = Path("code")
"""The frozen copy: its ``bundle.json`` and ``files/``, as in a run."""
RESULTS: Final = Path("results")
QUERIES: Final = Path("queries")


def result_file(setting: str, seed: int) -> Path:
    """The result of one experiment."""
    return RESULTS / setting / f"seed_{seed}.json"


def query_file(setting: str, seed: int, loop: int) -> Path:
    """The patches that one loop added; loop 0 is the start's."""
    return QUERIES / setting / f"seed_{seed}" / f"loop_{loop:03d}.json"
