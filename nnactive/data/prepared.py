"""The prepared dataset, shared and read-only: what every experiment reads from."""

from functools import cached_property
from pathlib import Path

import numpy as np
from pydantic import Field

from nnactive.errors import NnactiveError, UserError
from nnactive.geometry import Triple
from nnactive.io.files import read_model
from nnactive.io.formatting import command
from nnactive.io.state_file import StateFile
from nnactive.nnunet.preprocess import Spacing
from nnactive.nnunet.store import SUFFIX, read_volume
from nnactive.settings import Frozen


class CaseInfo(Frozen):
    """One stored case."""

    id: str
    shape: Triple
    """``(Z, Y, X)`` of the stored (cropped, resampled) image."""


class PreparedInfo(StateFile):
    """What ``prepared.json`` says of a dataset."""

    protocol_version: str
    name: str
    channels: tuple[str, ...]
    classes: tuple[str, ...]
    """Class names with background; a label value is the index."""
    spacing: Spacing
    """mm, (z, y, x)."""
    pool: tuple[CaseInfo, ...]
    """Sorted by id."""
    test: tuple[CaseInfo, ...]
    """Sorted by id."""
    pool_voxels: tuple[int, ...]
    """Voxels of the whole pool per class, background included."""
    pool_boundary: tuple[int, ...] | None = None
    """Those of each foreground class with a 6-neighbour of another label; None: not counted."""
    split_kind: str
    planned: dict[str, str] = Field(default={})
    """SHA-256 of the plans, the description and the fingerprint, by file name; empty for a
    dataset that was prepared before they were kept."""
    checksum: str
    """SHA-256 over all prepared arrays and the split, independent of the order of files."""
    source: str = ""
    """SHA-256 over the card's deciding fields."""
    raw_listing: str = ""
    """SHA-256 over names and sizes of the raw files."""


class PreparedDataset:
    """Read-only view of one dataset's prepared folder; arrays are read when asked for."""

    def __init__(self, folder: Path) -> None:
        """Open ``folder``.

        Raises:
            UserError: if the folder is not prepared, or by a newer release.
        """
        self.folder = folder
        file = folder / INFO
        if not file.is_file():
            way_out = command(f"data prepare {folder.name}", folder.parent)
            raise UserError(f"{folder}: not prepared; run {way_out}")
        self.info = read_model(file, PreparedInfo)

    def shape(self, case: str) -> Triple:
        """``(Z, Y, X)`` of a pool or test case."""
        return self._shapes[case]

    def image(self, case: str) -> np.ndarray:
        """Float32 ``(C, Z, Y, X)``, normalised: what the network gets. Pool and test cases."""
        return read_volume(self.image_file(case))

    def pool_label(self, case: str) -> np.ndarray:
        """Int16 ``(Z, Y, X)``: the oracle, for starting budget, annotation and oracle methods."""
        self._check(case, self.info.pool, "pool")
        return read_volume(volume_file(self.folder, POOL_LABELS, case))

    def test_label(self, case: str) -> np.ndarray:
        """Int16 ``(Z, Y, X)``, for evaluation alone."""
        self._check(case, self.info.test, "test")
        return read_volume(volume_file(self.folder, TEST_LABELS, case))

    def image_file(self, case: str) -> Path:
        """The ``.b2nd`` file that nnU-Net trains from."""
        return volume_file(self.folder, IMAGES, case)

    @property
    def plans_file(self) -> Path:
        """nnU-Net's plans."""
        return self.folder / PLANS

    @property
    def dataset_json_file(self) -> Path:
        """nnU-Net's description; its highest label is "ignore"."""
        return self.folder / DESCRIPTION

    @property
    def fingerprint_file(self) -> Path:
        """nnU-Net's fingerprint of the pool."""
        return self.folder / FINGERPRINT

    @cached_property
    def _shapes(self) -> dict[str, Triple]:
        return {case.id: case.shape for case in (*self.info.pool, *self.info.test)}

    def _check(self, case: str, cases: tuple[CaseInfo, ...], kind: str) -> None:
        if case not in {known.id for known in cases}:
            raise NnactiveError(f"{case}: not a {kind} case of {self.info.name}")


INFO = "prepared.json"
PLANS = "plans.json"
DESCRIPTION = "dataset.json"
FINGERPRINT = "dataset_fingerprint.json"
PLANNED = (PLANS, DESCRIPTION, FINGERPRINT)
IMAGES = "images"
POOL_LABELS = "pool_labels"
TEST_LABELS = "test_labels"


def volume_file(folder: Path, kind: str, case: str) -> Path:
    """Where a volume of ``kind`` (images, pool_labels, test_labels) lies."""
    return folder / kind / f"{case}{SUFFIX}"
