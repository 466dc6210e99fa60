"""The benchmark's oracle: the pool's label maps, or an annotator who errs (protocol section 2)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from nnactive.annotator.drawn import drawn_labels
from nnactive.data.prepared import PreparedDataset
from nnactive.geometry import Patch
from nnactive.settings import Annotator


@dataclass(frozen=True)
class PoolOracle:
    """Labels every patch at once, from the pool's complete label maps."""

    dataset: PreparedDataset
    annotator: Annotator | None
    """Whose errors the labels have; None: none."""
    seed: int
    """The experiment's, which names the annotator's errors."""

    def labelled(self, patches: Iterable[Patch]) -> list[Patch]:
        """All of them."""
        return list(patches)

    def version(self, case: str, patches: Sequence[Patch]) -> str:  # noqa: ARG002
        """Empty: nobody corrects the pool's labels."""
        return ""

    def labels(self, case: str, patches: Sequence[Patch]) -> np.ndarray:
        """As `Oracle.labels`."""
        return drawn_labels(self.dataset, self.annotator, self.seed, case, patches)
