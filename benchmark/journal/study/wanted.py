"""What a track's folder was asked for: its experiments, and the jobs that they take."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmark import layout
from benchmark.jobs import Job, experiment_jobs
from benchmark.layout import Experiment
from benchmark.steps import PREPARE, Target
from benchmark.tracks import Track, experiments
from nnactive.data.prepared import INFO
from nnactive.errors import UserError
from nnactive.io.files import read_model
from nnactive.io.queries import START
from nnactive.settings import Setting

ANY_DATA: Final = Path("data")
"""Of an experiment's jobs, none has an output there."""


@dataclass(frozen=True)
class Wanted:
    """What a track's folder was asked for."""

    track: Track
    jobs: dict[Experiment, list[Job]]
    """Jobs of each experiment in order, its result last; those of loop 0, and of a dataset that a
    run generated, are in several."""


def wanted(root: Path, journaled: Iterable[str]) -> Wanted:
    """What a track's folder was asked for.

    That is what the latest request asks for, with all methods that the folder holds, and what the
    journals tell of earlier ones.

    Args:
        root: the track's folder.
        journaled: outputs of the jobs in its journals.

    Raises:
        UserError: if there is no track in the folder.
    """
    track = read_model(root / layout.track_file(), Track)
    settings = {setting.name: setting for setting in track.settings}
    asked = dict.fromkeys(experiments(track, tuple(methods(root, track))))
    for experiment in sorted(set(_earlier(journaled)) - asked.keys()):
        setting = settings.get(experiment.setting) or _setting(root, experiment.setting)
        if setting is not None:
            settings[setting.name] = setting
            asked[experiment] = None
    made = {
        Path(output).parent.name: Path(output).parent for output in journaled if _is_data(output)
    }
    jobs = {}
    for experiment in asked:
        setting = settings[experiment.setting]
        data = made.get(setting.dataset, ANY_DATA / setting.dataset)
        target = Target(data, setting, Experiment(setting.name, START, 0))
        first = [Job(PREPARE, target)] if setting.dataset in made else []
        jobs[experiment] = [*first, *experiment_jobs(data, setting, experiment)]
    return Wanted(track, jobs)


def methods(root: Path, track: Track) -> list[str]:
    """Ids of the methods that a track's folder holds: of a track of starts, the pairs."""
    found = [file.name.removesuffix(".json") for file in layout.spec_files(root)]
    return [each for each in found if track.query is None or layout.JOINT in each]


def tracks_in(runs: Path, name: str | None = None) -> list[Path]:
    """Folders of the tracks in a runs folder.

    Raises:
        UserError: if there is no run of that name, or none at all.
    """
    roots = sorted(file.parent for file in runs.glob(f"*/{layout.track_file()}"))
    chosen = [root for root in roots if name in {None, root.name}]
    if not chosen:
        there = f"; it has {', '.join(root.name for root in roots)}" if roots else ""
        what = f"no run of track {name}" if name else "no runs"
        raise UserError(f"{runs}: {what}{there}; name another folder with --runs")
    return chosen


def _earlier(journaled: Iterable[str]) -> Iterator[Experiment]:
    for output in journaled:
        experiment = layout.experiment_of(Path(output))
        if experiment and layout.first_loop_of(experiment.method) != experiment.method:
            yield experiment


def _is_data(output: str) -> bool:
    return Path(output).name == INFO and layout.experiment_of(Path(output)) is None


def _setting(root: Path, name: str) -> Setting | None:
    try:
        return read_model(root / layout.setting_file(name), Setting)
    except UserError:
        return None
