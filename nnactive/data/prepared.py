"""The prepared dataset: shared by all experiments, and read-only."""

import hashlib
import json
import operator
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from nnactive.data.check.findings import Finding
from nnactive.effort import Effort
from nnactive.errors import NnactiveError, RefusedError, UserError
from nnactive.geometry import Patch, Spacing, Triple
from nnactive.io.files import read_model, sha256, write_model
from nnactive.io.formatting import command
from nnactive.io.models import Frozen, StateFile, file_text
from nnactive.io.queries import PatchRecord
from nnactive.io.seals import Seal, read_seal, seal_file
from nnactive.nnunet.store import SUFFIX, read_volume

if TYPE_CHECKING:
    import numpy as np

INFO = "prepared.json"
PLANS = "plans.json"
DESCRIPTION = "dataset.json"
FINGERPRINT = "dataset_fingerprint.json"
PLANNED = (PLANS, DESCRIPTION, FINGERPRINT)
IMAGES = "images"
POOL_LABELS = "pool_labels"
TEST_LABELS = "test_labels"
SOURCES = "sources.json"
"""Which image each case was made from; only where a person labels."""
OUTSIDE = "outside"
"""Folder of masks, of images that a person labels: where an image is outside its non-zero mask."""
SCRATCH = "scratch"
"""Folder of a preparation that isn't finished."""


class CaseInfo(Frozen):
    """One stored case."""

    id: str
    shape: Triple
    """``(Z, Y, X)`` of the stored (cropped, resampled) image."""
    classes: tuple[int, ...] | None = None
    """Labels in the case, background included; None: not recorded before schema version 2."""
    toward: str | None = None
    """Side of the body that each axis (z, y, x) of the stored image points to, by its letter:
    ``SPL`` for superior, posterior, left; None: not known, or not recorded before version 3."""


class PreparedInfo(StateFile):
    """Content of ``prepared.json``."""

    SCHEMA: ClassVar[int] = 3

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
    """Of these, voxels per foreground class with a 6-neighbour of another label; None: unknown."""
    pool_effort: Effort | None = None
    """What labelling every image of the pool from end to end would take; None: not counted."""
    slice_axis: Annotated[int, Field(ge=0, le=2, exclude_if=operator.not_)] = 0
    """Axis of the stored images across which slices are counted: the card's, when it was prepared;
    z before this was recorded."""
    split_kind: str
    planned: dict[str, str] = Field(default={})
    """SHA-256 of the plans, the description and the fingerprint, by file name; empty for datasets
    prepared by versions that did not store them."""
    checksum: str
    """SHA-256 of all prepared arrays and the split, independent of the order of files."""
    source: str = ""
    """The card's ``preparation_hash``."""
    raw_listing: str = ""
    """SHA-256 of the raw files' names and sizes."""
    layout: str = ""
    """What the raw folder's layout is called, if it isn't the archive's."""
    warnings: tuple[Finding, ...] = ()
    """What was odd with the raw data, one a kind; they go with every result."""
    notes: int = 0
    """How many findings were worth no more than a note; ``data check`` lists them."""
    labels_in: Annotated[str | None, Field(exclude_if=operator.not_)] = None
    """Folder of the labels that a person draws, from the dataset's own; None, and not in the file:
    the pool has complete label maps, and whoever asks is answered from them."""
    given: Annotated[tuple[PatchRecord, ...], Field(exclude_if=operator.not_)] = ()
    """Boxes, of any size, that were labelled before anything was chosen, or whole images; only
    where a person labels."""


class CheckedFiles:
    """Files of a dataset's folder, each compared with its SHA-256 before it is used."""

    def __init__(self, folder: Path, sums: Mapping[str, str]) -> None:
        """Open no file yet.

        Args:
            folder: the dataset's.
            sums: SHA-256 by path below the folder; a file without one passes.
        """
        self._folder, self._sums, self._right = folder, sums, set[str]()

    def read(self, file: Path) -> "np.ndarray":
        """The array in a file, once that is checked.

        Raises:
            RefusedError: if it isn't what was prepared.
        """
        self.check(file)
        return read_volume(file)

    def check(self, file: Path) -> None:
        """Compare a file with its SHA-256 as it was prepared, once; a missing one passes.

        Raises:
            RefusedError: if it differs; says how to fix the dataset.
        """
        name = str(file.relative_to(self._folder))
        wanted = self._sums.get(name)
        if wanted is None or name in self._right or not file.is_file():
            return
        if sha256(file) != wanted:
            again = command(f"data prepare {self._folder.name}", self._folder.parent)
            if SOURCES in self._sums or (self._folder / SOURCES).is_file():
                again = "nnactive-bench annotate next"  # a person's labels lie elsewhere
            raise RefusedError(
                f"{file}: isn't what was prepared; remove {self._folder} and run {again}"
            )
        self._right.add(name)


class PreparedDataset:
    """Read-only view of one dataset's prepared folder; arrays are read on request."""

    def __init__(self, folder: Path, *, checked: bool = True) -> None:
        """Open ``folder``.

        Args:
            folder: the dataset's.
            checked: whether files are compared with their SHA-256 before they are used.

        Raises:
            UserError: if the folder isn't prepared, or was prepared by a newer release.
        """
        self.folder = folder
        file = folder / INFO
        if not file.is_file():
            way_out = command(f"data prepare {folder.name}", folder.parent)
            raise UserError(f"{folder}: not prepared; run {way_out}")
        self.info = read_model(file, PreparedInfo)
        self._is_checked = checked

    @property
    def given(self) -> tuple[Patch, ...]:
        """What was labelled before anything was chosen, of loop 0; empty in a benchmark."""
        return tuple(Patch(p.case, p.start, p.size, loop=0) for p in self.info.given)

    def shape(self, case: str) -> Triple:
        """``(Z, Y, X)`` of a pool or test case."""
        return self._shapes[case]

    def toward(self, case: str) -> str | None:
        """Side that each axis of a pool or test case points to, as `CaseInfo.toward`."""
        return self._toward[case]

    def image(self, case: str) -> "np.ndarray":
        """Float32 ``(C, Z, Y, X)``, normalised: the network's input. Pool and test cases."""
        return self.read(self.image_file(case))

    def pool_label(self, case: str) -> "np.ndarray":
        """Int16 ``(Z, Y, X)``, for starting budget, annotation and methods using ground truth.

        Raises:
            UserError: if a person labels, so that there are no complete label maps.
        """
        if self.info.labels_in is not None:
            raise UserError(
                f"{self.info.name}: a person labels this dataset, so nothing knows the labels of "
                f"{case}; choose a method that doesn't use ground truth"
            )
        self._check(case, self.info.pool, "pool")
        return self.read(volume_file(self.folder, POOL_LABELS, case))

    def test_label(self, case: str) -> "np.ndarray":
        """Int16 ``(Z, Y, X)``, for evaluation only."""
        self._check(case, self.info.test, "test")
        return self.read(volume_file(self.folder, TEST_LABELS, case))

    def read(self, file: Path) -> "np.ndarray":
        """The array in one of the dataset's files, as `CheckedFiles.read`."""
        return self._files.read(file)

    def check(self, file: Path) -> None:
        """Compare one of the dataset's files with its SHA-256, as `CheckedFiles.check`."""
        self._files.check(file)

    @cached_property
    def _files(self) -> "CheckedFiles":
        return CheckedFiles(self.folder, self.sums if self._is_checked else {})

    @cached_property
    def sums(self) -> dict[str, str]:
        """SHA-256 of each file by its path; empty if an older version prepared the dataset."""
        made = read_seal(self.folder / INFO)
        return {} if made is None else made.files

    def image_file(self, case: str) -> Path:
        """The ``.b2nd`` file that nnU-Net trains on."""
        return volume_file(self.folder, IMAGES, case)

    @property
    def plans_file(self) -> Path:
        """nnU-Net's plans."""
        return self.folder / PLANS

    @property
    def dataset_json_file(self) -> Path:
        """nnU-Net's ``dataset.json``; its highest label is "ignore"."""
        return self.folder / DESCRIPTION

    @property
    def fingerprint_file(self) -> Path:
        """nnU-Net's fingerprint of the pool."""
        return self.folder / FINGERPRINT

    @cached_property
    def _shapes(self) -> dict[str, Triple]:
        return {case.id: case.shape for case in (*self.info.pool, *self.info.test)}

    @cached_property
    def _toward(self) -> dict[str, str | None]:
        return {case.id: case.toward for case in (*self.info.pool, *self.info.test)}

    def _check(self, case: str, cases: tuple[CaseInfo, ...], kind: str) -> None:
        if case not in {known.id for known in cases}:
            raise NnactiveError(f"{case}: not a {kind} case of {self.info.name}")


def volume_file(folder: Path, kind: str, case: str) -> Path:
    """File of a volume of ``kind`` (images, pool_labels, test_labels)."""
    return folder / kind / f"{case}{SUFFIX}"


def seal_dataset(
    folder: Path, info: PreparedInfo, more: Iterable[str] = (), *, late: bool = False
) -> None:
    """Write SHA-256 of each file of a dataset beside its ``prepared.json``, or before it.

    Args:
        folder: the dataset's.
        info: content of ``prepared.json``.
        more: paths of files, below the folder, that only this dataset has.
        late: whether an older version prepared it.
    """
    sides = {IMAGES: (*info.pool, *info.test)}
    if info.labels_in is None:
        sides |= {POOL_LABELS: info.pool, TEST_LABELS: info.test}
    files = [volume_file(folder, kind, case.id) for kind, side in sides.items() for case in side]
    sums = {str(file.relative_to(folder)): sha256(file) for file in files}
    sums |= {name: sha256(folder / name) for name in (*PLANNED, *more)}
    sums[INFO] = hashlib.sha256(file_text(info).encode()).hexdigest()
    write_model(seal_file(folder / INFO), Seal(files=sums, late=late))


def array_digest(*arrays: "np.ndarray") -> str:
    """SHA-256 of the type, shape and content of arrays."""
    import numpy as np

    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def dataset_checksum(pool: Mapping[str, str], test: Mapping[str, str]) -> str:
    """SHA-256 of the ``array_digest`` of image and label of each case, by side of the split."""
    sides = {"pool": dict(pool), "test": dict(test)}
    return hashlib.sha256(json.dumps(sides, sort_keys=True).encode()).hexdigest()
