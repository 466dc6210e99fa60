"""Finding experiments and jobs of a track by what a user writes."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from benchmark.jobs import Job
from benchmark.journal.study.overview import State
from benchmark.layout import Experiment

T = TypeVar("T")


def path_of(state: State, experiment: Experiment) -> str:
    """An experiment as a user writes it: TRACK/SETTING/METHOD/SEED."""
    return "/".join((state.root.name, experiment.setting, experiment.method, str(experiment.seed)))


def matching(state: State, text: str) -> list[Experiment]:
    """Experiments whose path has the parts of ``text`` one after another, as `fitting` has it."""
    return fitting({each: path_of(state, each).split("/") for each in state.asked.jobs}, text)


def fitting(paths: Mapping[T, Sequence[str]], text: str) -> list[T]:
    """What has the parts of ``text`` one after another in its path.

    Whole parts win over beginnings of them, and these over any piece.

    Args:
        paths: parts of each path: track, setting, method, seed.
        text: some of them, with ``/`` between.
    """
    wanted = [part.removeprefix("seed_") for part in text.strip("/").split("/")]
    for fits in (str.__eq__, str.startswith, str.__contains__):
        found = [
            each
            for each, own in paths.items()
            if any(
                all(fits(a, b) for a, b in zip(own[first:], wanted, strict=False))
                for first in range(len(own) - len(wanted) + 1)
            )
        ]
        if found:
            return found
    return []


def chosen(state: State, experiment: Experiment, step: str | None, loop: int | None) -> Job | None:
    """The failed job of an experiment, else the one whose log is the latest.

    Args:
        state: of the track.
        experiment: whose jobs to look at, those of its loop 0 included.
        step: only jobs of this step, by its name or its command's.
        loop: only those of this loop.
    """
    jobs = [
        job
        for job in state.asked.jobs[experiment]
        if step in {None, job.step.name, job.step.command, job.key}
        and loop in {None, job.target.loop}
        and (state.root / job.log).exists()
    ]
    failed = [job for job in jobs if state.has_failed(job)]
    latest = sorted(failed or jobs, key=lambda job: (state.root / job.log).stat().st_mtime)
    return latest[-1] if latest else None
