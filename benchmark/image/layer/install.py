"""Runs inside an image while a layer is built on it; the same for every runtime."""

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
"""Image label: SHA-256 of the requirements that the layer added."""
ADDED: Final = f"{LABEL}.requirements"
"""Image label: the requirements that the layer added, separated by spaces."""
LABELS_FILE: Final = "APPTAINER_LABELS"
"""Environment variable in which Apptainer names the file for a build's labels."""
LAYER_RECORD: Final = "layer.json"
PATH_FILE: Final = "nnactive_layer.pth"


def labels_of(record: LayerRecord) -> dict[str, str]:
    """The labels that a layer gives an image, in addition to its base's."""
    lines = "".join(f"{each}\n" for each in record.requirements)
    return {
        LABEL: hashlib.sha256(lines.encode()).hexdigest(),
        ADDED: " ".join(record.requirements),
    }


def added(labels: Mapping[str, str]) -> tuple[str, ...] | None:
    """Requirements that a layer added, from an image's labels; None for an image without one."""
    return tuple(labels.get(ADDED, "").split()) if LABEL in labels else None


def install(
    requirements: Sequence[str], home: Path = HOME, site: Path | None = None
) -> LayerRecord:
    """Install requirements into the folder ``layer`` and record what was added.

    The folder comes last in Python's search path, so no file of a wheel can shadow a module of a
    locked package.

    Args:
        requirements: each ``name==version``.
        home: where the benchmark lies in the image.
        site: folder for the file that extends Python's path; by default this Python's.

    Raises:
        UserError: if one isn't pinned, would change a locked version, or isn't available.
    """
    if (home / LAYER_RECORD).exists():
        raise UserError("the image already has a layer; use the benchmark image below it")
    try:
        pins = [pin(each) for each in requirements]
    except ValueError as error:
        raise UserError(f"{MANIFEST}: {error}") from None
    fixed = {**locked(home / "requirements.lock"), **installed()}
    check_pins(pins, fixed)
    wheels = judge(pip.would_install([str(each) for each in pins]), fixed)
    os.umask(0o022)  # a run has another user
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
