"""Paths of a project's files, below its folder."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from benchmark.annotation.project.model import Project
from nnactive.errors import UserError
from nnactive.io.files import read_model

PROJECT = "project.json"
LABELS = "labels"
METHODS = "methods"
RESTORE = "correct it, or restore it from a copy"
"""For what nothing else has."""
WORK = "work"
"""What the engine makes; nothing in it is a person's work."""


def round_name(number: int) -> str:
    """Name of a round's folder.

    >>> round_name(3)
    'round_03'
    """
    return f"round_{number:02d}"


@dataclass(frozen=True)
class Places:
    """Where everything of a project lies."""

    root: Path

    @property
    def project(self) -> Path:
        """The project file."""
        return self.root / PROJECT

    @property
    def labels(self) -> Path:
        """What was drawn, by `nnactive.oracle.drawn`."""
        return self.root / LABELS

    @property
    def methods(self) -> Path:
        """Frozen copies of the methods that a person wrote."""
        return self.root / METHODS

    @property
    def data(self) -> Path:
        """Folder of the prepared dataset's folder."""
        return self.root / WORK / "data"

    def prepared(self, project: Project) -> Path:
        """The prepared dataset."""
        return self.data / project.name

    @property
    def runs(self) -> Path:
        """RUNS of the project's only track."""
        return self.root / WORK / "runs"

    def round(self, number: int) -> Path:
        """What a person works in; once it is there, only they change it."""
        return self.root / round_name(number)

    def round_file(self, number: int) -> Path:
        """The round as it was written: what a person's files are compared with."""
        return self.root / WORK / "rounds" / f"{round_name(number)}.json"

    def predictions(self, number: int) -> Path:
        """Predictions of the ensemble that was trained on the rounds up to this one."""
        return self.root / WORK / "predictions" / round_name(number)

    @property
    def finished(self) -> Path:
        """Model, predictions, data and report."""
        return self.root / "finished"


def command(name: str, root: Path) -> str:
    """A command on a project as a shell takes it.

    >>> command("next", Path("liver mets"))
    "nnactive-bench annotate next 'liver mets'"
    """
    return f"nnactive-bench annotate {name} {shlex.quote(str(root))}"


def load_project(root: Path) -> Project:
    """The project in a folder.

    Raises:
        UserError: there is none, or its file is wrong.
    """
    file = Places(root).project
    if not file.is_file():
        raise UserError(
            f"{root}: no {PROJECT}; begin with: {command('init', root)} --images FOLDER --classes "
            "NAME,NAME"
        )
    return read_model(file, Project, RESTORE)
