"""A project whose rounds have ensembles that were really trained: the phantom's loop 0."""

import shutil
from pathlib import Path

from support import Loop

from benchmark.annotation.project.model import Project
from benchmark.annotation.project.places import Places
from benchmark.layout import Experiment, member_file, train_folder
from nnactive.data.prepared import PreparedDataset
from nnactive.data.unlabelled.source import Image
from nnactive.io.files import write_model
from nnactive.settings import Inference, Training


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
