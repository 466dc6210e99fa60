"""A track's run, opened."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark import layout
from benchmark.layout import Experiment
from benchmark.opened.experiment import OpenedExperiment
from benchmark.replay.find import experiments_in
from benchmark.tracks import Track
from nnactive.data.prepared import DESCRIPTION, INFO
from nnactive.errors import UserError
from nnactive.io.files import read_model
from nnactive.io.queries import START

if TYPE_CHECKING:
    import pandas as pd


class Run:
    """A track's run, finished or not; ``run[setting, method, seed]`` is one of its experiments."""

    def __init__(self, folder: Path, data: Path) -> None:
        """Open a run.

        Args:
            folder: the track's folder, RUNS/TRACK.
            data: folder of the prepared datasets.
        """
        self.folder = folder
        self.data = data
        self.track = read_model(folder / layout.track_file(), Track)

    def __repr__(self) -> str:
        lines = [f"{self.track.name}: {self.track.title}", *(f"  {each!r}" for each in self)]
        return "\n".join(lines)

    def __len__(self) -> int:
        return len(self.experiments)

    def __iter__(self) -> Iterator[OpenedExperiment]:
        for experiment in self.experiments:
            yield OpenedExperiment(self.folder, experiment, self.data)

    def __getitem__(self, names: object) -> OpenedExperiment:
        """The experiment of a setting, method id and seed; fewer names if they are enough.

        Raises:
            UserError: lists the experiments if there is none, or several.
        """
        wanted = names if isinstance(names, tuple) else (names,)
        found = [each for each in self.experiments if tuple(each)[: len(wanted)] == wanted]
        if len(found) != 1:
            asked = ", ".join(map(str, wanted))
            listed = "; ".join(map(str, found or self.experiments)) or "none"
            how = "several experiments" if found else "no such experiment"
            raise UserError(f"{self.folder}: {how}: {asked}; choose from: {listed}")
        return OpenedExperiment(self.folder, found[0], self.data)

    @property
    def experiments(self) -> tuple[Experiment, ...]:
        """Setting, method id and seed of all experiments, sorted."""
        # A shared loop 0 is the start's own: of the protocol's start, or of another one, by name.
        return tuple(
            each for each in experiments_in(self.folder) if each.method.rpartition("+")[2] != START
        )

    @property
    def curves(self) -> "pd.DataFrame":
        """Learning curves of all experiments, one row a loop: setting, method, seed, ..."""
        import pandas as pd

        frames = [each.curves.assign(**each.experiment._asdict()) for each in self]
        joined = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
        names = [name for name in Experiment._fields if name in joined]
        return joined[[*names, *joined.columns.difference(names, sort=False)]]


def open_run(folder: Path, data: Path | None = None) -> Run:
    """Open a track's run.

    Args:
        folder: the track's folder, RUNS/TRACK.
        data: folder of the prepared datasets; None: where the run's training folders lead, else
            NNACTIVE_DATA or ``data``.

    Raises:
        UserError: if the folder isn't that of a track's run.
    """
    if not (folder / layout.track_file()).is_file():
        below = sorted(path.parent.name for path in folder.glob(f"*/{layout.track_file()}"))
        held = f"it contains the runs {', '.join(below)}" if below else "name RUNS/TRACK"
        raise UserError(f"{folder}: not the folder of a track's run; {held}")
    return Run(folder.resolve(), data.resolve() if data else _data_of(folder))


def _data_of(folder: Path) -> Path:
    """Folder of the prepared datasets that training folders link to."""
    for file in sorted(folder.glob(f"*/*/*/loop_*/{layout.TRAIN}/*/{DESCRIPTION}")):
        dataset = file.resolve().parent
        if (dataset / INFO).is_file():
            return dataset.parent
    return Path(os.environ.get("NNACTIVE_DATA") or "data").resolve()
