"""Find the loop that a replay is about, among the files of a run."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark import layout
from benchmark.chain.check import check_intact
from benchmark.chain.images import Checksums
from benchmark.journal.study.find import fitting
from benchmark.layout import Experiment
from benchmark.workflow.datasets import dataset_folder
from nnactive.data.prepared import PreparedDataset
from nnactive.errors import UserError
from nnactive.io.files import read_model
from nnactive.settings import Setting

if TYPE_CHECKING:
    from nnactive.methods import QueryMethod
    from nnactive.steps.query import QueryInputs

SEED = "seed_"
MOST_LISTED = 12
DEPTH = 3
"""Folders between that of a track and that of an experiment, which counts."""


@dataclass(frozen=True)
class Moment:
    """A loop of an experiment just before its query."""

    root: Path
    """The track's folder."""
    experiment: Experiment
    setting: Setting
    loop: int
    """Number of the loop to choose patches for, from 1."""
    data: Path
    """The prepared dataset."""

    @property
    def queries(self) -> tuple[Path, ...]:
        """Loop files of all loops before."""
        return tuple(
            self.root / layout.query_file(self.experiment, loop) for loop in range(self.loop)
        )

    @property
    def own_query(self) -> Path:
        """The run's own loop file, whether or not it is there yet."""
        return self.root / layout.query_file(self.experiment, self.loop)

    @property
    def train(self) -> Path:
        """Training folder of the loop before."""
        return self.root / layout.train_folder(self.experiment, self.loop - 1)

    @property
    def members(self) -> tuple[Path, ...]:
        """The ensemble trained on it."""
        return tuple(
            self.root / layout.member_file(self.experiment, self.loop - 1, fold)
            for fold in range(self.setting.training.folds)
        )

    def inputs(self, method: "QueryMethod", method_id: str) -> "QueryInputs":
        """What the query chose from, with ``method`` in place of the experiment's own.

        Args:
            method: chooses instead; gets the ensembles of earlier loops if it looks back.
            method_id: names its random streams.

        Raises:
            UserError: if the run dropped one of these ensembles.
        """
        from nnactive.query.prediction import Need
        from nnactive.steps.history import TrainedLoop
        from nnactive.steps.query import QueryInputs

        earlier = range(self.loop - 1) if Need.HISTORY in method.needs else ()
        past = [replace(self, loop=loop + 1) for loop in earlier]
        for each in past:
            check_members(each)
        return QueryInputs(
            data=self.data,
            setting=self.setting,
            seed=self.experiment.seed,
            loop=self.loop,
            method=method,
            method_id=method_id,
            queries=self.queries,
            train=self.train,
            members=self.members,
            past=tuple(TrainedLoop(each.train, each.members) for each in past),
        )


def find_moment(run: str, loop: int, *, data: Path, runs: Path) -> Moment:
    """The moment before the query of a loop.

    Args:
        run: the experiment, as `find_experiment` takes it.
        loop: number of the loop, from 1.
        data: folder of the prepared datasets.
        runs: folder of the runs, for a ``run`` that is no folder.

    Raises:
        UserError: if there is no such run or loop, the loop before isn't trained, or the dataset
            isn't the one that the run began with.
    """
    root, experiment = find_experiment(run, runs)
    setting = read_model(root / layout.setting_file(experiment.setting), Setting)
    folder = dataset_folder(setting.dataset, data.resolve(), root.parent.resolve())
    return moment_of(root, experiment, loop, folder)


def moment_of(root: Path, experiment: Experiment, loop: int, folder: Path) -> Moment:
    """The same for an experiment that is found already.

    Args:
        root: the track's folder.
        experiment: the experiment.
        loop: number of the loop, from 1.
        folder: the prepared dataset.

    Raises:
        UserError: as `find_moment`.
    """
    setting = read_model(root / layout.setting_file(experiment.setting), Setting)
    moment = Moment(root, experiment, setting, loop, folder)
    _check_loop(moment)
    check_dataset(root, folder)
    return moment


def find_experiment(run: str, runs: Path) -> tuple[Path, Experiment]:
    """Folder of the track and the experiment that ``run`` names.

    Args:
        run: an experiment's folder (RUNS/TRACK/SETTING/METHOD/seed_S), or a folder above it that
            holds one experiment alone; or the same below ``runs``; or any part of
            TRACK/SETTING/METHOD/SEED that only one experiment has.
        runs: folder of the runs.

    Raises:
        UserError: if there is none, or several.
    """
    folder = _folder(run, runs)
    if folder is None:
        return _named(run, runs)
    root = track_of(folder)
    if root is None:
        tracks = sorted(path.parent.name for path in folder.glob(f"*/{layout.track_file()}"))
        held = f"; it holds the tracks {', '.join(tracks)}: name one" if tracks else ""
        raise UserError(f"{folder}: isn't part of a track's run{held}")
    wanted = folder.absolute().relative_to(root).parts
    found = _later([each for each in experiments_in(root) if _parts(each)[: len(wanted)] == wanted])
    if not found:
        raise UserError(f"{folder}: holds no experiment; run the track first")
    if len(found) > 1:
        names = ", ".join("/".join((root.name, *_parts(each))) for each in found)
        raise UserError(f"{folder}: holds several experiments; name one of {names}")
    return root, found[0]


def _folder(run: str, runs: Path) -> Path | None:
    for place in (Path(run), runs / run):
        for folder in (place, place.parent / f"{SEED}{place.name}"):
            if folder.is_dir():
                return folder
    return None


def _named(text: str, runs: Path) -> tuple[Path, Experiment]:
    """The experiment below ``runs`` whose path has the parts of a text."""
    tracks = [file.parent for file in sorted(runs.glob(f"*/{layout.track_file()}"))]
    known = {(root, each): each for root in tracks for each in _later(list(experiments_in(root)))}
    paths = {
        key: [key[0].name, each.setting, each.method, str(each.seed)] for key, each in known.items()
    }
    found = fitting(paths, text)
    if len(found) == 1:
        return found[0][0].absolute(), found[0][1]
    if not found:
        raise UserError(
            f"{text}: no such run here or in {runs}; write TRACK/SETTING/METHOD/{SEED}S, or "
            "`example`"
        )
    names = ["/".join(paths[key]) for key in found]
    more = f", and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
    raise UserError(
        f"{text}: {len(found)} experiments; choose one: {', '.join(names[:MOST_LISTED])}{more}"
    )


def _later(listed: list[Experiment]) -> list[Experiment]:
    """Experiments but for a shared loop 0, unless there is nothing else."""
    return [each for each in listed if each.method != layout.first_loop_of(each.method)] or listed


def track_of(folder: Path) -> Path | None:
    """The track's folder that is or contains a folder, absolute; None if there is none."""
    above = [folder.absolute(), *folder.absolute().parents][: DEPTH + 1]
    return next((each for each in above if (each / layout.track_file()).is_file()), None)


def _parts(experiment: Experiment) -> tuple[str, str, str]:
    return experiment.setting, experiment.method, f"{SEED}{experiment.seed}"


def experiments_in(root: Path) -> Iterator[Experiment]:
    """Experiments of a track's folder, sorted, a shared loop 0 as one, too."""
    for folder in sorted(root.glob(f"*/*/{SEED}*")):
        setting, method, seed = folder.relative_to(root).parts
        number = seed.removeprefix(SEED)
        named = number.isdecimal() and not method.startswith(".")
        if named and (root / layout.setting_file(setting)).is_file():
            yield Experiment(setting, method, int(number))


def _check_loop(moment: Moment) -> None:
    loops, experiment = moment.setting.loops, moment.experiment
    if not 1 <= moment.loop < loops:
        raise UserError(
            f"loop {moment.loop}: the queries of {experiment} are loops 1 to {loops - 1}"
        )
    check_members(moment)
    needed = [*moment.queries, moment.train, *moment.members]
    missing = next((path for path in needed if not path.exists()), None)
    if missing is None:
        check_intact(needed, "continue the run, which makes it again")
        return
    before = _trained_before(moment)
    way_out = f"replay loop {before[-1]}, or continue the run" if before else "continue the run"
    raise UserError(
        f"{missing}: missing, so loop {moment.loop - 1} of {experiment} isn't trained; {way_out}"
    )


def check_members(moment: Moment) -> None:
    """Refuse networks that the run dropped once nothing needed them."""
    missing = next((path for path in moment.members if not path.exists()), None)
    evaluated = moment.root / layout.evaluation_file(moment.experiment, moment.loop - 1)
    if missing is not None and evaluated.exists():
        before = _trained_before(moment)
        instead = f"replay loop {before[-1]}, or " if before else ""
        raise UserError(
            f"{missing}: deleted once the run no longer needed it; {instead}"
            "run the track again in another --runs folder with --keep"
        )


def _trained_before(moment: Moment) -> list[int]:
    """Earlier loops that can be queried for."""
    return [loop for loop in range(1, moment.loop) if _is_trained(moment, loop)]


def _is_trained(moment: Moment, loop: int) -> bool:
    """Whether a loop can be queried for."""
    earlier = Moment(moment.root, moment.experiment, moment.setting, loop, moment.data)
    return all(path.exists() for path in (*earlier.queries, earlier.train, *earlier.members))


def check_dataset(root: Path, folder: Path) -> None:
    """Refuse a prepared dataset that isn't the one that a track's runs began with.

    Args:
        root: the track's folder.
        folder: the prepared dataset.

    Raises:
        UserError: it isn't, or isn't there.
    """
    info = PreparedDataset(folder).info
    file = root / layout.datasets_file()
    began = read_model(file, Checksums).checksums.get(info.name) if file.is_file() else None
    if began not in {None, info.checksum}:
        raise UserError(
            f"{folder}: differs from the data that the runs in {root} were started with; "
            "name the original with --data"
        )
