"""What a method's process may know of a prepared dataset, and the pool's files as it reads them."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from nnactive.data.prepared import (
    IMAGES,
    POOL_LABELS,
    CheckedFiles,
    PreparedDataset,
    volume_file,
)
from nnactive.errors import NnactiveError
from nnactive.geometry import Patch, Spacing, Triple

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class PoolFacts:
    """A prepared dataset without what its labels would tell, and without its test set."""

    name: str
    checksum: str
    """Of the whole dataset; part of what stored work depends on."""
    classes: tuple[str, ...]
    """Class names with background."""
    spacing: Spacing
    """mm, (z, y, x)."""
    shapes: dict[str, Triple]
    """``(Z, Y, X)`` of each pool case, by id."""
    sums: dict[str, str]
    """SHA-256 of the files that its reader may open, by path below the dataset's folder; empty if
    an older version prepared the dataset."""
    given: tuple[Patch, ...] = ()
    """Boxes that were labelled before anything was chosen, of loop 0; none in a benchmark."""


def facts_of(dataset: PreparedDataset, *, labels: bool = False) -> PoolFacts:
    """The facts of a dataset.

    Args:
        dataset: the dataset.
        labels: whether the reader gets the pool's complete label maps, too.
    """
    info = dataset.info
    folders = (IMAGES, POOL_LABELS) if labels else (IMAGES,)
    files = [str(volume_file(Path(), folder, case.id)) for case in info.pool for folder in folders]
    return PoolFacts(
        name=info.name,
        checksum=info.checksum,
        classes=info.classes,
        spacing=info.spacing,
        shapes={case.id: case.shape for case in info.pool},
        sums={name: dataset.sums[name] for name in files if name in dataset.sums},
        given=dataset.given,
    )


class PoolFiles:
    """The pool's volumes, each checked before its first use."""

    def __init__(self, folder: Path, facts: PoolFacts | None = None) -> None:
        """Open the pool.

        Args:
            folder: the prepared dataset's.
            facts: what is known of it where its own description isn't at hand.
        """
        if facts is None:
            facts = facts_of(PreparedDataset(folder), labels=True)
        self.folder, self.facts = folder, facts

    def image(self, case: str) -> "np.ndarray":
        """Float32 ``(C, Z, Y, X)``, normalised."""
        return self._read(IMAGES, case)

    def label(self, case: str) -> "np.ndarray":
        """Int16 ``(Z, Y, X)``, complete; only for methods that use ground truth."""
        return self._read(POOL_LABELS, case)

    def _read(self, kind: str, case: str) -> "np.ndarray":
        if case not in self.facts.shapes:
            raise NnactiveError(f"{case}: not a pool case of {self.facts.name}")
        return self._files.read(volume_file(self.folder, kind, case))

    @cached_property
    def _files(self) -> CheckedFiles:
        return CheckedFiles(self.folder, self.facts.sums)
