"""Train on an entry's queries again, by the ordinary workflow and without its method's code."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark import layout
from benchmark.bundles.reproduce.lay import lay_down
from benchmark.bundles.reproduce.reported import Reported
from benchmark.layout import Experiment
from benchmark.results import Counts, mean_dice
from benchmark.workflow.datasets import dataset_folder
from benchmark.workflow.plan import STEP_COMMAND, Part, local_writer
from benchmark.workflow.request import Request
from benchmark.workflow.run import run
from nnactive.data.prepared import INFO, PreparedDataset
from nnactive.errors import NnactiveError, UserError
from nnactive.io.files import read_model
from nnactive.settings import Training

if TYPE_CHECKING:
    from benchmark.journal.watch import Progress

Trained = tuple[Experiment, int]
"""A loop of an experiment."""


@dataclass(frozen=True)
class Place:
    """Where to train, and with what."""

    data: Path
    """Folder of the prepared datasets."""
    runs: Path
    """Folder that gets the track's folder."""
    cores: int
    slots: int = 1
    """Jobs that may share a GPU."""
    keep: bool = False
    """Whether networks stay that nothing needs any more."""
    step_command: str = STEP_COMMAND
    """Tests replace the steps by stand-ins."""

    def root(self, reported: Reported) -> Path:
        """The track's folder."""
        return self.runs / reported.track.name


def train_again(
    reported: Reported,
    loops: Sequence[int] | None,
    place: Place,
    watcher: "Callable[[Progress], None]",
    notes: Callable[[str], None] = lambda _: None,
) -> dict[Trained, float]:
    """Label an entry's queries, train and evaluate; what is finished isn't repeated.

    Args:
        reported: the entry.
        loops: only these; None: all.
        place: where.
        watcher: called with the progress.
        notes: called with each line on what was set aside.

    Returns:
        Mean Dice, from 0 to 1, of each loop of each experiment.

    Raises:
        UserError: if the entry contradicts itself, or was made from other data.
        NnactiveError: if a step fails; the same call goes on from there.
    """
    if loops is not None:
        check_loops(reported, loops)
    check_data(reported, place)
    request = Request(
        track=reported.track,
        methods=((reported.spec, None),),
        data=place.data,
        runs=place.runs,
        cores=place.cores,
        slots=place.slots,
        step_command=place.step_command,
        keep=place.keep,
    )
    lay_down(reported, request.root)
    wanted = None if loops is None else tuple(sorted(set(loops)))
    part = Part(experiments=tuple(reported.results), loops=wanted, writer=local_writer())
    problems = run(request, watcher, part, notes)
    check_data(reported, place)
    lay_down(reported, request.root)  # they are still these: a damaged one would be chosen anew
    if problems:
        raise NnactiveError(f"{problems[0].experiment}: {problems[0].text}")
    return {
        (experiment, loop): _dice(request.root / layout.evaluation_file(experiment, loop))
        for experiment, result in reported.results.items()
        for loop in (range(len(result.loops)) if wanted is None else wanted)
    }


def check_data(reported: Reported, place: Place) -> None:
    """Refuse data that the entry wasn't made from, as far as they are there.

    Raises:
        UserError: names dataset and checksums.
    """
    for result in reported.results.values():
        name = result.setting.dataset
        folder = dataset_folder(name, place.data.resolve(), place.runs.resolve())
        if not (folder / INFO).is_file():
            continue  # the workflow generates it, or says what to do
        checksum = PreparedDataset(folder).info.checksum
        if checksum != result.dataset.checksum:
            raise UserError(
                f"{folder}: has the checksum {checksum[:16]}, and {reported.source} was made from "
                f"{result.dataset.checksum[:16]!a}; name the folder that holds those data with "
                "--data"
            )


def trainings(reported: Reported, loops: Sequence[int] | None) -> int:
    """Number of networks that training again takes."""
    rules: list[tuple[Training, int]] = [
        (reported.setting(each).training, len(result.loops) if loops is None else len(set(loops)))
        for each, result in reported.results.items()
    ]
    return sum(training.folds * count for training, count in rules)


def reported_seconds(reported: Reported, loops: Sequence[int] | None) -> float:
    """Seconds that the same jobs took whoever reports them, one after another."""
    return sum(
        cost.seconds
        for result in reported.results.values()
        for loop in result.loops
        if loops is None or loop.loop in loops
        for key, cost in loop.costs.items()
        if key.startswith(("train_fold", "evaluate", "annotate"))
    )


def check_loops(reported: Reported, loops: Sequence[int], first: int = 0) -> None:
    """Refuse loops that an entry doesn't have.

    Raises:
        UserError: names the first one, and those that it has from ``first`` on.
    """
    most = min(len(result.loops) for result in reported.results.values())
    wrong = [loop for loop in loops if not first <= loop < most]
    if wrong:
        raise UserError(f"--loop {wrong[0]}: {reported.source} has the loops {first} to {most - 1}")


def _dice(file: Path) -> float:
    from nnactive.steps.evaluate import Evaluation

    found = read_model(file, Evaluation)
    return mean_dice(
        Counts(
            true_positives=found.true_positives,
            false_positives=found.false_positives,
            false_negatives=found.false_negatives,
        )
    )
