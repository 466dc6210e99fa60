"""A project whose rounds have ensembles that were really trained: the phantom's loop 0."""

import shutil
from pathlib import Path

import SimpleITK
from support import Loop

from benchmark.annotation.project.model import Project
from benchmark.annotation.project.places import Places, load_project, round_name
from benchmark.annotation.rounds.model import Round, RoundPatch, Why
from benchmark.layout import Experiment, member_file, train_folder
from nnactive.data.prepared import INFO, CaseInfo, PreparedDataset
from nnactive.data.unlabelled.source import SOURCES, Box, Grid, Image, Source, Sources
from nnactive.io.files import write_model
from nnactive.io.queries import PatchRecord
from nnactive.oracle.keep import Drawing, keep, keep_source
from nnactive.settings import Inference, Training

ORIGIN = (12.5, -30.25, 7.0)
OBLIQUE = (0.8, -0.6, 0.0, 0.6, 0.8, 0.0, 0.0, 0.0, 1.0)


def trained_project(root: Path, phantom: Path, loop0: Loop, rounds: int = 1) -> Places:
    """A project in ``root`` with the same ensemble in each of its rounds."""
    info = PreparedDataset(phantom).info
    project = Project(
        name="phantom",
        folder="images",
        images=tuple(Image(id=case.id, files=(f"{case.id}.nii.gz",)) for case in info.pool),
        channels=dict.fromkeys(info.channels, "zscore"),
        classes=info.classes[1:],
        patch_mm=(6, 6, 6),
        budget=3,
        start="random",
        method="random",
        training=Training(folds=2, epochs=2, iterations=3, base_features=4, batch_size=2),
        inference=Inference(test_mirror=False, test_tile_step=1.0, query_tile_step=1.0),
    )
    places = Places(root)
    write_model(places.project, project)
    places.data.mkdir(parents=True)
    places.prepared(project).symlink_to(phantom)
    for number in range(rounds):
        lay_ensemble(places, project, number, loop0)
    return places


def lay_ensemble(places: Places, project: Project, number: int, loop: Loop) -> None:
    """Put an ensemble where the engine would have trained it."""
    experiment = Experiment(project.name, "random", project.seed)
    track = places.runs / project.name
    train = track / train_folder(experiment, number)
    train.parent.mkdir(parents=True)
    train.symlink_to(loop.train)
    for fold, member in enumerate(loop.members):
        shutil.copyfile(member, track / member_file(experiment, number, fold))


def drawable(places: Places, cases: int = 3) -> Sources:
    """Give a project real files of images, and a dataset of its own that holds no others.

    The files lie obliquely; their axes are the prepared ones, but the first two are swapped.
    """
    project = load_project(places.root)
    prepared = places.prepared(project)
    origin = prepared.resolve()
    prepared.unlink()
    shutil.copytree(origin, prepared)
    info = PreparedDataset(prepared).info
    pool = info.pool[:cases]
    write_model(prepared / INFO, info.model_copy(update={"pool": pool, "test": ()}))
    sources = Sources(cases={case.id: _source(case) for case in pool})
    write_model(prepared / SOURCES, sources)
    images = tuple(Image(id=case.id, files=(f"{case.id}.mha",)) for case in pool)
    write_model(places.project, project.model_copy(update={"images": images}))
    (places.root / "images").mkdir()
    for case in pool:
        array = PreparedDataset(prepared, checked=False).image(case.id)[0].transpose(1, 0, 2)
        image = SimpleITK.GetImageFromArray(array * 100 + 1000)
        image.SetOrigin(ORIGIN)
        image.SetDirection(OBLIQUE)
        SimpleITK.WriteImage(image, places.root / "images" / f"{case.id}.mha")
    return sources


def label_round(places: Places, sources: Sources, number: int, patches: int = 3) -> Round:
    """Write a round of one patch an image, and import labels of the first ones."""
    project = load_project(places.root)
    dataset = PreparedDataset(places.prepared(project), checked=False)
    rows = []
    for n, (case, source) in enumerate(sources.cases.items(), start=1):
        patch = PatchRecord(case=case, start=(2 * number, 0, 0), size=(2, 6, 6))
        box = Box(start=(0, 2 * number, 0), size=(6, 2, 6))
        why = Why(by="random", rank=n)
        rows.append(
            RoundPatch(
                id=f"p{n:02d}", patch=patch, box=box, crop=box, template="", draft="none", why=why
            )
        )
        if n <= patches:
            voxels = dataset.pool_label(case).transpose(1, 0, 2)[box.slices]
            file = places.root / f"{case}.drawn"
            file.write_text(f"{number} {n}")
            drawing = Drawing(
                patch=patch,
                box=box,
                grid=source.grid,
                voxels=voxels,
                classes=len(dataset.info.classes),
                how="drawn",
                source=keep_source(places.labels, file),
                imported=f"2026-11-30T18:{number:02d}:{n:02d}Z",
            )
            keep(places.labels, round_name(number), f"p{n:02d}", drawing)
    made = Round(number=number, written="2026-11-30T18:00:00Z", view="crop", patches=tuple(rows))
    write_model(places.round_file(number), made)
    return made


def _source(case: CaseInfo) -> Source:
    z, y, x = case.shape
    return Source(
        image=Image(id=case.id, files=(f"{case.id}.mha",)),
        grid=Grid(shape=(y, z, x), spacing=(1.0, 1.0, 1.0), origin=ORIGIN, direction=OBLIQUE),
        transpose=(1, 0, 2),
        crop_start=(0, 0, 0),
        crop_size=(y, z, x),
        stored=case.shape,
        scale=(100.0,),
        offset=(1000.0,),
    )
