"""The door between the loop and whoever labels: all that differs between benchmark and practice."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np

from nnactive.geometry import Patch


class Oracle(Protocol):
    """Labels patches of one dataset's pool.

    The step `nnactive.steps.annotate` asks it and nothing else for labels, so the partial label
    maps that an ensemble trains on are made in one place, whoever has drawn them.
    """

    def labelled(self, patches: Iterable[Patch]) -> list[Patch]:
        """Of some patches, in their order, those that have labels by now."""
        ...

    def version(self, case: str, patches: Sequence[Patch]) -> str:
        """A name of a case's labels in some patches; it changes when they are corrected.

        Empty: they never change.
        """
        ...

    def labels(self, case: str, patches: Sequence[Patch]) -> np.ndarray:
        """A case's labels inside some patches, "ignore" elsewhere; int16 ``(Z, Y, X)``.

        Args:
            case: one of the pool.
            patches: patches of the case that are labelled, in voxels of the prepared image.
        """
        ...
