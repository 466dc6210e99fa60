"""What is left to make, and in which order: the graph that Snakemake gets.

It has only the jobs whose outputs are missing and asked for, by themselves or by such a job.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmark.jobs import Job
from benchmark.workflow.plan import Goal, Plan


@dataclass(frozen=True)
class Needed:
    """A job that is left, and the ones that have to end before it."""

    job: Job
    after: tuple[Path, ...]
    """Their outputs; one that another of them waits for is left out."""


@dataclass(frozen=True)
class Graph:
    """All jobs that are left."""

    needed: Mapping[Path, Needed]
    """By output, each after the ones that it needs."""
    ends: tuple[Path, ...]
    """Outputs that are asked for and missing."""


def graph(root: Path, plan: Plan) -> Graph:
    """What is left of a plan.

    Args:
        root: the track's folder.
        plan: what to make; a later loop's files may be there without an earlier one's.
    """
    there = Listing(root)
    needed: dict[Path, Needed] = {}
    ends: dict[Path, None] = {}
    for goal in plan.goals():
        missing = [job.output for job in goal.ends if not there.has(job.output)]
        ends.update(dict.fromkeys(missing))
        needed.update(_left(goal, missing, there))
    return Graph(needed, tuple(ends))


def _left(goal: Goal, missing: Iterable[Path], there: "Listing") -> dict[Path, Needed]:
    """Jobs that are left of one goal."""
    wanted = set(missing)
    inputs: dict[Path, list[Path]] = {}
    for job in reversed(goal.jobs):
        if job.output in wanted:
            inputs[job.output] = [path for path in _inputs(job) if not there.has(path)]
            wanted.update(inputs[job.output])
    before: dict[Path, set[Path]] = {}
    left = {}
    for job in goal.jobs:
        direct = inputs.get(job.output)
        if direct is None:
            continue
        made = [path for path in direct if path in before]
        earlier: set[Path] = set().union(*(before[path] for path in made))
        before[job.output] = earlier.union(made)
        left[job.output] = Needed(job, tuple(path for path in made if path not in earlier))
    return left


def _inputs(job: Job) -> Iterator[Path]:
    for read in job.step.inputs.values():
        found = read(job.target)
        yield from found if isinstance(found, list) else [found]


@dataclass
class Listing:
    """Which files there are; a folder is read once, since a file system may be far away."""

    root: Path
    folders: dict[str, frozenset[str]] = field(default_factory=dict)

    def has(self, path: Path) -> bool:
        """Whether a path below the root, or an absolute one, exists."""
        folder, name = os.path.split(path)
        if folder not in self.folders:
            try:
                with os.scandir(self.root / folder) as entries:
                    self.folders[folder] = frozenset(entry.name for entry in entries)
            except (FileNotFoundError, NotADirectoryError):
                self.folders[folder] = frozenset()
        return name in self.folders[folder]
