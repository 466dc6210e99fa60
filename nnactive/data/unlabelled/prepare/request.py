"""What a preparation of unlabelled images starts from."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from nnactive.data.card_fields import Scheme
from nnactive.data.cards import DEFAULT_NNUNET_NAME
from nnactive.data.prepare.memo import key_of
from nnactive.data.unlabelled.source import Image
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
