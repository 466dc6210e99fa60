"""The list of results that the benchmark itself has measured: who may vote on a public board."""

from pathlib import Path
from typing import Final

from pydantic import Field

from benchmark.bundles.record import Sha256
from nnactive.io.files import read_model
from nnactive.io.models import StateFile

BASELINES: Final = Path("baselines.json")
"""In a public board's folder."""


class Baselines(StateFile):
    """``baselines.json``: results of built-in methods that the benchmark itself has measured."""

    results: dict[Sha256, str] = Field(default_factory=dict)
    """What each result is, in words, by the SHA-256 of its file."""


def read_baselines_list(board: Path) -> Baselines:
    """The list of a public board; empty without one.

    Raises:
        UserError: if it is broken.
    """
    file = board / BASELINES
    return read_model(file, Baselines) if file.exists() else Baselines()


def own_baselines(board: Path | None) -> frozenset[str]:
    """SHA-256 of the reference results that a public board's folder lists; none without a folder.

    Raises:
        UserError: if the list is broken.
    """
    return frozenset(read_baselines_list(board).results if board else ())
