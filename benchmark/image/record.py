"""The image that this process runs in: what its build wrote down, what its caller says of it."""

import os
from pathlib import Path
from typing import Final, Literal

from benchmark.results import ImageUsed
from nnactive.io.files import read_model
from nnactive.settings import Frozen

HOME: Final = Path("/opt/benchmark")
"""Where the benchmark lies inside an image."""
FILE: Final = "image.json"
"""What a build wrote down, in ``HOME``."""
DATA: Final = Path("/data")
"""Mount of the prepared datasets; read-only for a run."""
RESULTS: Final = Path("/results")
"""Mount of the runs."""
SCRATCH: Final = Path("/scratch")
"""Mount for what may be thrown away: temporary files and caches."""

DIGEST: Final = "NNACTIVE_IMAGE_DIGEST"
"""Environment variable by which the caller says the image's digest; none stands inside an image."""
BASE_DIGEST: Final = "NNACTIVE_BASE_DIGEST"
"""Likewise that of the benchmark image below a layer with a submission's requirements."""

Variant = Literal["cuda13", "cuda12"]


class ImageRecord(Frozen):
    """``FILE``: what the build of a benchmark image says of it."""

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
    """``layer.json``: what a layer above a benchmark image adds."""

    requirements: tuple[str, ...]
    """What it installed, each ``name==version``, sorted."""


def image_record(home: Path = HOME) -> ImageRecord | None:
    """What this image is; None outside an image."""
    file = home / FILE
    return read_model(file, ImageRecord) if file.is_file() else None


def image_used(home: Path = HOME) -> ImageUsed | None:
    """What results say of the image that they were made in; None outside an image."""
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
