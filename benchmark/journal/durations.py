"""How long jobs take: the mean of those of the same kind that have ended."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmark import layout
from benchmark.steps import QUERY, START_STEP

BY_METHOD: Final = frozenset({QUERY.name, START_STEP.name})
"""Steps whose time depends on the method."""
EARLIER: Final = 3
"""From so many jobs of a run on, those from before it don't count: its machine is what matters."""
ANY: Final = ""


@dataclass
class _Mean:
    count: int = 0
    total: float = 0.0

    def add(self, seconds: float) -> None:
        self.count += 1
        self.total += seconds


@dataclass(frozen=True)
class Kind:
    """What jobs are expected to take equally long by."""

    step: str
    setting: str = ANY
    method: str = ANY

    @classmethod
    def of(cls, step: str, output: str) -> "Kind":
        """The kind of a job, by its step and output."""
        experiment = layout.experiment_of(Path(output))
        if experiment is None:
            return cls(step, Path(output).parent.name)
        return cls(step, experiment.setting, experiment.method if step in BY_METHOD else ANY)

    @property
    def wider(self) -> Iterator["Kind"]:
        """The kind itself, and wider ones: of any method, of any setting."""
        yield from dict.fromkeys((self, Kind(self.step, self.setting), Kind(self.step)))


@dataclass
class Durations:
    """Durations of jobs that have ended."""

    now: dict[Kind, _Mean] = field(default_factory=dict)
    earlier: dict[Kind, _Mean] = field(default_factory=dict)

    def add(self, step: str, output: str, seconds: float) -> None:
        """Add a job that took so many seconds."""
        for kind in Kind.of(step, output).wider:
            self.now.setdefault(kind, _Mean()).add(seconds)

    def begin(self) -> None:
        """What was added so far is from before the run."""
        for kind, mean in self.now.items():
            before = self.earlier.setdefault(kind, _Mean())
            before.count += mean.count
            before.total += mean.total
        self.now = {}

    def borrow(self, other: "Durations") -> None:
        """Take another track's for kinds that this one knows nothing of."""
        for known in (other.earlier, other.now):
            for kind, mean in known.items():
                self.earlier.setdefault(kind, _Mean(mean.count, mean.total))

    def expected(self, kind: Kind) -> float | None:
        """Seconds that a job of this kind takes; None if nothing like it has ended."""
        for each in kind.wider:
            now, earlier = self.now.get(each), self.earlier.get(each)
            if now or earlier:
                return _blend(now or _Mean(), earlier or _Mean())
        return None


def _blend(now: _Mean, earlier: _Mean) -> float:
    weight = min(max(0, EARLIER - now.count), earlier.count)
    before = earlier.total / earlier.count * weight if weight else 0.0
    return (now.total + before) / (now.count + weight)
