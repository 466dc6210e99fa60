"""What a track's events add up to: the state of each job, and the time spent."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from benchmark.journal.durations import Durations
from benchmark.journal.events import Event

State = Literal["waiting", "begun", "ended", "failed", "stopped"]


@dataclass
class Record:
    """What is known of one job."""

    begun: Event | None = None
    """Its latest beginning, unless its writer told of the end."""
    writer: str = ""
    """Whose beginning that was."""
    over: Event | None = None
    """The latest event that isn't a beginning."""

    @property
    def state(self) -> State:
        """Begun: it runs, or died without a word; only its lease tells."""
        if self.begun is not None:
            return "begun"
        return self.settled

    @property
    def settled(self) -> State:
        """Its state if what has begun and not ended is dead."""
        kind = self.over.kind if self.over is not None else "reset"
        return "waiting" if kind == "reset" or kind == "began" else kind  # noqa: PLR1714


@dataclass
class Tally:
    """Adds up events, in any order of their writers; one that was added before changes nothing."""

    jobs: dict[str, Record] = field(default_factory=dict)
    """By output."""
    durations: Durations = field(default_factory=Durations)
    seconds: float = 0.0
    """All jobs that are over."""
    gpu_seconds: float = 0.0
    _seen: set[int] = field(default_factory=set)

    def add(self, news: Iterable[tuple[str, Event]]) -> Iterator[tuple[str, Event]]:
        """Add events; gives those that are new."""
        for writer, event in news:
            key = hash((writer, event.job, event.kind, event.time))
            if key not in self._seen:
                self._seen.add(key)
                self._add(writer, event)
                yield writer, event

    def begun(self) -> Iterator[tuple[str, Record]]:
        """Outputs and records of the jobs that have begun and not ended."""
        return ((output, each) for output, each in self.jobs.items() if each.begun is not None)

    def _add(self, writer: str, event: Event) -> None:
        record = self.jobs.setdefault(event.job, Record())
        if event.kind == "began":
            if record.begun is None or event.time >= record.begun.time:
                record.begun, record.writer = event, writer
            return
        # Clocks of machines differ: only the writer of a beginning tells its end.
        if record.writer == writer or event.kind == "reset":
            record.begun = None
        if record.over is None or event.time >= record.over.time:
            record.over = event
        took = event.seconds or 0.0
        self.seconds += took
        self.gpu_seconds += took if event.gpu is not None else 0.0
        if event.kind == "ended" and event.seconds is not None:
            self.durations.add(event.step, event.job, event.seconds)
