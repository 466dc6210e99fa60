"""What a preparation of unlabelled images starts from."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from nnactive.data.card_fields import Scheme
from nnactive.data.cards import DEFAULT_NNUNET_NAME
from nnactive.data.prepare.memo import key_of
from nnactive.data.raw.files.formats import check_parts
from nnactive.data.raw.layout import Found
from nnactive.data.unlabelled.source import Image
from nnactive.errors import UserError
from nnactive.geometry import Spacing
from nnactive.nnunet.planning import describe

NUMBER: Final = 500
"""The first of the dataset ids that nnU-Net leaves to its users."""


@dataclass(frozen=True)
class Request:
    """Images that a person will label, and how they are to be prepared."""

    name: str
    classes: tuple[str, ...]
    """Class names in label order, background first."""
    channels: Mapping[str, Scheme]
    """Normalisation by channel name, in channel order."""
    folder: Path
    """The images'."""
    images: tuple[Image, ...]
    labels_in: str
    """Folder of the labels, from the prepared dataset's own."""
    spacing: Spacing | None
    """Target spacing in mm, in the files' axes (z, y, x); None: nnU-Net chooses it."""

    @property
    def cases(self) -> tuple[str, ...]:
        """Case ids, sorted."""
        return tuple(sorted(image.id for image in self.images))

    @property
    def key(self) -> str:
        """What the prepared arrays depend on, beside the images themselves."""
        return key_of([self.name, self.classes, list(self.channels.items()), self.spacing])

    @property
    def nnunet_name(self) -> str:
        """nnU-Net's name of the dataset."""
        return DEFAULT_NNUNET_NAME.format(NUMBER, re.sub(r"\W", "_", self.name).capitalize())

    @property
    def description(self) -> dict[str, Any]:
        """Content of ``dataset.json``."""
        return describe(self.classes, list(self.channels.values()), len(self.images))

    def files(self) -> list[Found]:
        """Every file of each image, as far as changes of it are noticed.

        Raises:
            UserError: a file is missing, or the folder of a series has none.
        """
        return [_files(self.folder, image) for image in sorted(self.images, key=lambda i: i.id)]


def _files(folder: Path, image: Image) -> Found:
    files = tuple(folder / name for name in image.files)
    if image.series is not None:
        files = tuple(sorted(file for file in files[0].glob("*") if file.is_file()))
        if not files:
            raise UserError(f"{folder / image.files[0]}: no DICOM files; restore the folder")
    for file in files:
        if not file.is_file():
            raise UserError(f"{file}: missing, it is part of image '{image.id}'; restore it")
        if image.series is None:
            check_parts(file)
    return Found(image.id, files, label=files[0])
