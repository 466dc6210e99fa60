"""A round's ensemble: where the engine keeps its networks and what they were trained on."""

from dataclasses import dataclass
from pathlib import Path

from benchmark import layout
from benchmark.annotation.project.model import Project
from benchmark.annotation.project.places import Places, command
from benchmark.layout import Experiment
from nnactive.errors import UserError


@dataclass(frozen=True)
class Trained:
    """Files of an ensemble that is trained."""

    train: Path
    """Its training folder."""
    members: tuple[Path, ...]
    """One file per fold."""


def find_ensemble(places: Places, project: Project, number: int) -> Trained:
    """The ensemble that was trained on all rounds up to one.

    Args:
        places: of the project.
        project: of which.
        number: of the last round that it has seen.

    Raises:
        UserError: it isn't trained yet.
    """
    root = places.runs / project.name
    # One method: the start's folder holds loop 0, the method's own the later loops.
    for folder in sorted((root / project.name).glob("*/")):
        experiment = Experiment(project.name, folder.name, project.seed)
        found = Trained(
            root / layout.train_folder(experiment, number),
            tuple(
                root / layout.member_file(experiment, number, fold)
                for fold in range(project.training.folds)
            ),
        )
        if found.train.is_dir() and all(member.is_file() for member in found.members):
            return found
    raise UserError(
        f"{places.root}: round {number} has no trained ensemble; run: "
        f"{command('next', places.root)}"
    )
