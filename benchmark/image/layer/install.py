"""What runs inside an image while a layer is built on it, the same for every runtime."""

import hashlib
import os
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmark.image.layer import pip
from benchmark.image.layer.judge import check_pins, judge
from benchmark.image.record import HOME, LayerRecord
from benchmark.submission.pins import installed, locked, pin
from benchmark.submission.requirements import MANIFEST
from nnactive.errors import UserError
from nnactive.io.files import write_model, write_text

LABEL: Final = "org.nnactive.layer"
"""Image label: SHA-256 of what the layer added."""
ADDED: Final = f"{LABEL}.requirements"
"""Image label: what the layer added, with spaces between."""
LABELS_FILE: Final = "APPTAINER_LABELS"
"""Environment variable by which Apptainer says where a build writes its labels."""
LAYER_RECORD: Final = "layer.json"
PATH_FILE: Final = "nnactive_layer.pth"


def labels_of(record: LayerRecord) -> dict[str, str]:
    """The labels of an image with a layer, beside its base's."""
    lines = "".join(f"{each}\n" for each in record.requirements)
    return {
        LABEL: hashlib.sha256(lines.encode()).hexdigest(),
        ADDED: " ".join(record.requirements),
    }


def added(labels: Mapping[str, str]) -> tuple[str, ...] | None:
    """What a layer added, from an image's labels; None if the image is no layer."""
    return tuple(labels.get(ADDED, "").split()) if LABEL in labels else None


def install(
    requirements: Sequence[str], home: Path = HOME, site: Path | None = None
) -> LayerRecord:
    """Install requirements into the folder ``layer``, and write down what was added.

    The folder comes last in Python's search path, so that nothing in it can take the place of a
    locked package's module, whatever files a wheel brings.

    Args:
        requirements: each ``name==version``.
        home: where the benchmark lies in the image.
        site: the folder for the file that adds to Python's path; this Python's own by default.

    Raises:
        UserError: if one is no pinned requirement, would change what the lock fixes, or can't be
            had.
    """
    if (home / LAYER_RECORD).exists():
        raise UserError("the image has a layer already; give the benchmark image that is below it")
    try:
        pins = [pin(each) for each in requirements]
    except ValueError as error:
        raise UserError(f"{MANIFEST}: {error}") from None
    fixed = {**locked(home / "requirements.lock"), **installed()}
    check_pins(pins, fixed)
    wheels = judge(pip.would_install([str(each) for each in pins]), fixed)
    os.umask(0o022)  # a run is another user
    if wheels:
        pip.install(wheels, home / "layer")
        site = site or Path(sysconfig.get_paths()["purelib"])
        write_text(site / PATH_FILE, f"{home / 'layer'}\n")
    record = LayerRecord(requirements=tuple(sorted(wheel.requirement for wheel in wheels)))
    write_model(home / LAYER_RECORD, record)
    labels = os.environ.get(LABELS_FILE)
    if labels:
        with Path(labels).open("a", encoding="utf-8") as file:
            file.writelines(f"{name} {value}\n" for name, value in labels_of(record).items())
    return record
