"""A project of two small images whose prepared grid isn't that of their files."""

from pathlib import Path

import numpy as np

from benchmark.annotation.project.model import Project
from benchmark.annotation.project.places import Places, round_name
from benchmark.annotation.rounds.model import Round, RoundPatch, Why
from nnactive.data.prepared import CaseInfo, PreparedInfo
from nnactive.data.unlabelled.source import SOURCES, Box, Grid, Image, Source, Sources
from nnactive.geometry import Patch
from nnactive.io.files import write_model
from nnactive.io.queries import record
from nnactive.oracle.drawn import RECORD, Drawn, folder_of
from nnactive.settings import Training

STORED = (20, 12, 24)
"""Of both prepared images; the files' axes are (y, z, x), with a margin of 2 voxels in x."""


def make_project(**changes: object) -> Project:
    content = {
        "name": "mine",
        "folder": "images",
        "images": tuple(Image(id=case, files=(f"{case}.nii.gz",)) for case in ("a", "b")),
        "channels": {"CT": "ct"},
        "classes": ("liver", "tumour"),
        "patch_mm": (8, 16, 8),
        "budget": 4,
        "rounds": 3,
        "start": "random_start",
        "method": "random",
        "training": Training(folds=2, epochs=1, iterations=1),
    }
    return Project.model_validate(content | changes)


def source_of(case: str) -> Source:
    return Source(
        image=Image(id=case, files=(f"{case}.nii.gz",)),
        grid=Grid(
            shape=(12, 40, 28),
            spacing=(4.0, 2.0, 1.0),
            origin=(10.0, -20.0, 30.0),
            direction=(1, 0, 0, 0, -1, 0, 0, 0, 1),
        ),
        transpose=(1, 0, 2),
        crop_start=(0, 0, 2),
        crop_size=(12, 40, 24),
        stored=STORED,
        scale=(1.0,),
        offset=(0.0,),
    )


def write_prepared(places: Places, project: Project, **changes: object) -> Sources:
    """The prepared dataset's files that don't hold voxels."""
    info = PreparedInfo(
        protocol_version="1.0",
        name=project.name,
        channels=("CT",),
        classes=project.all_classes,
        spacing=(4.0, 4.0, 1.0),
        pool=tuple(CaseInfo(id=case, shape=STORED) for case in ("a", "b")),
        test=(),
        pool_voxels=(0, 0, 0),
        split_kind="none",
        checksum="c",
        labels_in="../../../labels",
    )
    folder = places.prepared(project)
    write_model(folder / "prepared.json", info.model_copy(update=changes))
    sources = Sources(cases={case: source_of(case) for case in ("a", "b")})
    write_model(folder / SOURCES, sources)
    return sources


def make_round(number: int, patches: list[Patch], by: str) -> Round:
    box = Box(start=(0, 0, 0), size=(1, 1, 1))
    ranked = sorted(enumerate(patches, 1), key=lambda each: each[1])
    return Round(
        number=number,
        written="2026-11-30T18:20:36Z",
        view="crop",
        patches=tuple(
            RoundPatch(
                id=f"p{n:02d}",
                patch=record([patch])[0],
                box=box,
                crop=box,
                template="t",
                draft="none",
                why=Why(by=by, rank=rank),
            )
            for n, (rank, patch) in enumerate(ranked, 1)
        ),
    )


def write_round(places, project, sources, patches, number, by, predicted, progress) -> Round:
    """STAND-IN: the folder is empty."""
    made = make_round(number, patches, by)
    write_model(places.round_file(number), made)
    (places.round(number)).mkdir(parents=True, exist_ok=True)
    progress("patches", len(patches), len(patches))
    return made


def draw(
    places: Places, of: Round, ids: list[str] | None = None, voxels: tuple[int, ...] = (9, 5, 2)
) -> None:
    """STAND-IN for an import: records that patches are labelled."""
    for patch in of.patches:
        if ids is not None and patch.id not in ids:
            continue
        folder: Path = folder_of(places.labels, round_name(of.number), patch.id)
        drawn = Drawn(
            patch=patch.patch,
            box=patch.box,
            number=1,
            how="drawn",
            sha256="s",
            source=".nii.gz",
            labels="l",
            imported="2026-11-30T19:20:36Z",
            voxels=voxels,
        )
        write_model(folder / f"0001{RECORD}", drawn)


def hounsfield() -> np.ndarray:
    """Intensities of an image in its file's grid: 100 in one block, -1000 elsewhere."""
    image = np.full((12, 40, 28), -1000, np.int16)
    image[4:8, 10:20, 12:20] = 100
    return image
