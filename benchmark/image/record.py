"""The image that this process runs in: its build's record, and what its caller passes in."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from nnactive.io.files import read_model
from nnactive.io.models import Frozen

if TYPE_CHECKING:
    from benchmark.results import ImageUsed

HOME: Final = Path("/opt/benchmark")
"""Where the benchmark lies inside an image."""
FILE: Final = "image.json"
"""The build's record, in ``HOME``."""
DATA: Final = Path("/data")
"""Mount of the prepared datasets; read-only for a run."""
RESULTS: Final = Path("/results")
"""Mount of the runs."""
SCRATCH: Final = Path("/scratch")
"""Mount of temporary files and caches, which may be deleted at any time."""

DIGEST: Final = "NNACTIVE_IMAGE_DIGEST"
"""Environment variable in which the caller passes the image's digest; the image can't know it."""
BASE_DIGEST: Final = "NNACTIVE_BASE_DIGEST"
"""The same for the benchmark image below a layer with a submission's requirements."""

Variant = Literal["cuda13", "cuda12"]


class ImageRecord(Frozen):
    """``FILE``: the build's record of a benchmark image."""

    variant: Variant
    version: str
    """Of the benchmark."""
    commit: str
    """Git commit of the benchmark that was copied in, ``+dirty`` if files differed."""
    nnunet: str
    protocol: str
    lock: str
    """SHA-256 of the lock file whose packages are installed."""


class LayerRecord(Frozen):
    """``layer.json``: what a layer adds to a benchmark image."""

    requirements: tuple[str, ...]
    """Added requirements, each ``name==version``, sorted."""


def image_record(home: Path = HOME) -> ImageRecord | None:
    """The record of this image; None outside an image."""
    file = home / FILE
    return read_model(file, ImageRecord) if file.is_file() else None


def image_used(home: Path = HOME) -> "ImageUsed | None":
    """This image as results record it; None outside an image."""
    from benchmark.results import ImageUsed

    record = image_record(home)
    if record is None:
        return None
    layer = home / "layer.json"
    added = read_model(layer, LayerRecord).requirements if layer.is_file() else ()
    return ImageUsed(
        digest=os.environ.get(DIGEST) or None,
        base=os.environ.get(BASE_DIGEST) or None,
        variant=record.variant,
        lock=record.lock,
        requirements=added,
    )
