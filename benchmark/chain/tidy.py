"""Drop networks that nothing needs any more, so that a long run needs little disk.

A loop's networks are for its evaluation and the next query; those of a method that looks back, for
all its later queries. The table of steps says which outputs are made with them: once these are
there, no job reads a network again. Those of loop 0 stay, as new methods begin there, and so do a
network's cost and seal.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmark import layout
from benchmark.jobs import loop_jobs
from benchmark.layout import Experiment
from benchmark.steps import Per, Target
from benchmark.tracks import Track
from nnactive.errors import NnactiveError
from nnactive.geometry import Patch
from nnactive.io.costs import cost_file
from nnactive.io.files import read_json, read_model
from nnactive.io.leases import living
from nnactive.io.queries import load_patches
from nnactive.io.seals import seal_file
from nnactive.steps.twins import set_name

KEPT_BELOW = 20 * 2**30
"""Bytes: a track whose networks take less keeps them all, for replays."""
SECONDS_TO_WAIT = 60.0
"""Before looking again whether another run still has an experiment in hand."""


@dataclass(frozen=True)
class Spending:
    """A loop's networks, and the outputs that are made with them."""

    members: tuple[Path, ...]
    readers: tuple[Path, ...]


@dataclass
class Tidier:
    """Drops the networks of a run's experiments, a loop at a time."""

    root: Path
    """The track's folder."""
    writer: str
    """Name of the run."""
    experiments: Sequence[Experiment]
    """What the run is to make, or is complete already."""
    target: Callable[[Experiment], Target]
    """An experiment's loop 0, with what its later jobs depend on."""
    keep: bool = False
    """Whether nothing is dropped."""
    _left: deque[tuple[Experiment, int]] = field(default_factory=deque)
    """Experiments, each with its first loop whose networks may still be there."""
    _twins: list[tuple[Experiment, int]] = field(default_factory=list)
    """Dropped networks that another experiment may still take."""
    _elsewhere: dict[Experiment, float] = field(default_factory=dict)
    """Experiments of other runs, and when to look at each again."""
    _small: bool | None = None

    def __post_init__(self) -> None:
        self._left.extend((each, 1) for each in self.experiments)

    def some(self) -> None:
        """Look at one loop of one experiment: a few calls of the file system."""
        if self.keep or not self._left:
            return
        experiment, loop = self._left.popleft()
        waits = time.monotonic() < self._elsewhere.get(experiment, 0.0)
        following = loop if waits else self._after(experiment, loop)
        if following is not None:
            self._left.append((experiment, following))

    def rest(self) -> None:
        """Look at everything, when none of the run's jobs is left."""
        if self.keep:
            return
        left, self._left = list(self._left), deque()
        for experiment, loop in left:
            before, following = 0, self._after(experiment, loop)
            while following is not None and following != before:
                before, following = following, self._after(experiment, following)
        self._drop_twins()

    def _after(self, experiment: Experiment, loop: int) -> int | None:
        """The loop to look at next, the same one if it isn't done with; None: there is none."""
        target = self.target(experiment)
        if self.keep or loop >= target.setting.loops or (loop == 1 and self._is_tidy(target)):
            return None
        spending = spent(target, loop)
        if not all((self.root / path).exists() for path in reversed(spending.readers)):
            return loop
        there = [path for path in spending.members if (self.root / path).exists()]
        if there:
            if self._keeps(self.root / there[0]):
                self.keep = True
                return None
            if in_other_hands(self.root, experiment, self.writer):
                self._elsewhere[experiment] = time.monotonic() + SECONDS_TO_WAIT
                return loop
        for path in there:
            (self.root / path).unlink(missing_ok=True)
        self._twins.append((experiment, loop))
        if there:
            self._drop_twins()
        return loop + 1

    def _is_tidy(self, target: Target) -> bool:
        """Whether all was dropped by an earlier run: the last network is the last to go."""
        last = spent(target, target.setting.loops - 1).members[-1]
        result = self.root / layout.result_file(target.experiment)
        return result.exists() and not (self.root / last).exists()

    def _keeps(self, member: Path) -> bool:
        """Whether the track's networks, each as large as ``member``, are few enough to stay."""
        if self._small is None:
            track = read_model(self.root / layout.track_file(), Track)
            methods = max(len(track.methods), len({each.method for each in self.experiments}))
            networks = (
                methods
                * len(track.seeds)
                * sum(setting.loops * setting.training.folds for setting in track.settings)
            )
            self._small = networks * member.stat().st_size < KEPT_BELOW
        return self._small

    def _drop_twins(self) -> None:
        """Drop what only other experiments could have taken, where none of them can any more."""
        waiting, self._twins = self._twins, []
        for experiment, loop in waiting:
            if any(self._may_take(other, experiment, loop) for other in self.experiments):
                self._twins.append((experiment, loop))
            else:
                drop_kept(self.root, experiment, loop)

    def _may_take(self, other: Experiment, experiment: Experiment, loop: int) -> bool:
        """Whether an experiment may come to the same patches, and has no use of them behind it."""
        if other == experiment or other._replace(method=experiment.method) != experiment:
            return False
        target = self.target(other)
        members = spent(target, loop).members
        if (self.root / layout.evaluation_file(other, loop)).exists() or all(
            (self.root / path).exists() for path in members
        ):
            return False
        return set(labelled(self.root, other, loop)) <= set(labelled(self.root, experiment, loop))


def spent(target: Target, loop: int) -> Spending:
    """What is made with the networks of a loop.

    Args:
        target: of an experiment; which loop it names doesn't matter.
        loop: the networks' loop.
    """
    later = [
        job
        for number in range(loop, target.setting.loops)
        for job in loop_jobs(replace(target, loop=number))
    ]
    members = tuple(
        job.output for job in later if job.step.per is Per.FOLD and job.target.loop == loop
    )
    readers = tuple(job.output for job in later if not set(members).isdisjoint(job.inputs))
    return Spending(members, readers)


def labelled(root: Path, experiment: Experiment, loop: int) -> Iterator[Patch]:
    """Patches of an experiment's loops up to ``loop``, as far as they are chosen."""
    files = (root / layout.query_file(experiment, number) for number in range(loop + 1))
    for file in files:
        if not file.exists():
            return
        yield from load_patches([file])


def drop_kept(root: Path, experiment: Experiment, loop: int) -> None:
    """Drop the networks of a loop that lie ready for experiments with the same patches."""
    name = set_name(labelled(root, experiment, loop))
    folder = root / layout.kept_folder(experiment, loop) / name[:16]
    for member in sorted(folder.glob("*.pth")):
        member.unlink(missing_ok=True)
        for record in (cost_file(member), seal_file(member)):
            record.unlink(missing_ok=True)


def in_other_hands(root: Path, experiment: Experiment, writer: str) -> bool:
    """Whether another run is at work on an experiment: its jobs may be about to read a network."""
    own = root / layout.run_lease(writer)
    for lease in (root / layout.journal_folder()).glob("*.lease"):
        if lease == own or not living(lease):
            continue
        plan = root / layout.plan_file(lease.name.removesuffix(".lease"))
        try:
            if list(experiment) in read_json(plan)["experiments"]:
                return True
        except (OSError, KeyError, NnactiveError):
            return True  # it is just beginning, and may want any
    return False
