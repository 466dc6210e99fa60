"""Imports of a built project, and what came of them."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from projects import Built

from benchmark.annotation.imports.report import Report
from benchmark.annotation.imports.take import import_labels
from nnactive.io.files import sha256
from nnactive.oracle.drawn import Drawn, folder_of, history
from nnactive.oracle.keep import read_voxels

NOW = datetime(2026, 11, 30, 14, 0, tzinfo=UTC)


def run(built: Built, *files: Path, **options: object) -> Report:
    return import_labels(built.places, built.project, files, now=NOW, **options)  # type: ignore[arg-type]


def outcomes(report: Report) -> dict[str, str]:
    """Outcome by patch, ``p07`` or ``round_01/p07``; of files that are of none, by text."""
    return {
        line.text if line.patch is None else f"{line.round}/{line.patch}": line.outcome
        for line in report.lines
    }


def of(report: Report, outcome: str) -> list[str]:
    return [line.patch or line.text for line in report.lines if line.outcome == outcome]


def imports(built: Built, patch_id: str, number: int = 0) -> list[Drawn]:
    return history(folder_of(built.places.labels, f"round_{number:02d}", patch_id))


def kept(built: Built, patch_id: str, number: int = 0) -> np.ndarray:
    folder = folder_of(built.places.labels, f"round_{number:02d}", patch_id)
    return read_voxels(folder, history(folder)[-1])


def inside(built: Built, patch_id: str, number: int = 0) -> np.ndarray:
    patch = built.patch(patch_id, number)
    corner = np.subtract(patch.box.start, patch.crop.start)
    index = tuple(slice(a, a + n) for a, n in zip(corner, patch.box.size, strict=True))
    return built.drawn(patch_id, number)[index]


def listing(folder: Path) -> dict[str, tuple[int, str]]:
    return {
        str(file.relative_to(folder)): (file.stat().st_mtime_ns, sha256(file))
        for file in folder.rglob("*")
        if file.is_file()
    }
