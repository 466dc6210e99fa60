"""Where a track's shards are, by their files, with few calls of the file system."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmark import layout
from benchmark.cluster.history import read_ended, shard_lease
from benchmark.cluster.shards import Shard
from benchmark.layout import Experiment
from benchmark.results import load_result
from benchmark.workflow.request import Request
from nnactive.io.holders import Watcher

SECONDS_BETWEEN_LOOKS: Final = 2.0
CALLS_A_SECOND: Final = 10
"""Of the file system, at most."""


@dataclass(frozen=True)
class Counts:
    """Where the shards of a track are."""

    finished: int
    failed: int
    running: int
    total: int

    def __str__(self) -> str:
        parts = [f"{self.finished} of {self.total} shards finished", f"{self.running} running"]
        return ", ".join(parts + [f"{self.failed} failed"] * bool(self.failed))


def counts(root: Path, slugs: Sequence[str]) -> Counts:
    """Where shards are."""
    return Look(root, slugs).counts()


class Look:
    """Looks at where shards are; what has ended is read once."""

    def __init__(self, root: Path, slugs: Sequence[str]) -> None:
        """Look at the shards of the track in the folder ``root``."""
        self._root, self._slugs = root, slugs
        self._outcomes: dict[str, str] = {}
        self._watcher = Watcher()
        self.calls = 0
        """Of the file system in the last look."""

    def counts(self) -> Counts:
        """Look now."""
        names = {file.name for file in (self._root / layout.shard_folder()).iterdir()}
        self.calls = 1
        for slug in self._slugs:
            if f"{slug}.ended" not in names:  # or it is worked on again
                self._outcomes.pop(slug, None)
            elif slug not in self._outcomes and (end := read_ended(self._root, slug)):
                self._outcomes[slug] = end.outcome
                self.calls += 2
        held = [slug for slug in self._slugs if f"{slug}.lease" in names]
        self.calls += 2 * len(held)
        # The lease of a job that died out of sight counts for as long as it may be alive.
        running = sum(self._watcher.holds(shard_lease(self._root, slug)) for slug in held)
        failed = sum(outcome == "failed" for outcome in self._outcomes.values())
        return Counts(len(self._outcomes) - failed, failed, running, len(self._slugs))

    @property
    def pause(self) -> float:
        """Seconds until the next look, so that there are few calls a second."""
        return max(SECONDS_BETWEEN_LOOKS, self.calls / CALLS_A_SECOND)


def is_made(root: Path, shard: Shard, request: Request) -> bool:
    """Whether all that a shard makes is there."""
    if shard.last:
        return all(_is_complete(root, experiment) for experiment in shard.experiments)
    setting = next(each for each in request.track.settings if each.name == shard.setting)
    loop, folds = shard.loop or 0, range(setting.training.folds)
    made = []
    for experiment in shard.experiments:
        made += [layout.evaluation_file(experiment, loop), layout.train_folder(experiment, loop)]
        if not loop:  # networks of later loops may be dropped
            made += [layout.member_file(experiment, loop, fold) for fold in folds]
    return all((root / file).exists() for file in made)


def _is_complete(root: Path, experiment: Experiment) -> bool:
    file = root / layout.result_file(experiment)
    return file.exists() and load_result(file).status == "complete"
