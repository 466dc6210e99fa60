"""A person as oracle: the labels that were imported, resampled as any label map."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from nnactive.data.prepared import PreparedDataset
from nnactive.geometry import Patch


@dataclass(frozen=True)
class PersonOracle:
    """Labels what a person has drawn by now; the rest of the patches stay open."""

    dataset: PreparedDataset

    def labelled(self, patches: Iterable[Patch]) -> list[Patch]:
        """Those that have been imported."""
        raise NotImplementedError

    def version(self, case: str, patches: Sequence[Patch]) -> str:
        """A hash of the imports that count."""
        raise NotImplementedError

    def labels(self, case: str, patches: Sequence[Patch]) -> np.ndarray:
        """As `Oracle.labels`."""
        raise NotImplementedError
