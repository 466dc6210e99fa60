"""What a method's process is asked, and what it says."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmark.replay.find import Moment
from benchmark.submission.method_string import Method
from nnactive.geometry import Patch
from nnactive.io.models import Frozen
from nnactive.io.queries import PatchRecord


@dataclass(frozen=True)
class Ask:
    """One method and the moment it is asked about."""

    method: Method
    spec: Path | None
    """Record of a method of the run itself, which is made from its frozen copy; or None."""
    moment: Moment
    trains: dict[Path, Path]
    """For each training folder of the moment and before, itself or one that stands in for it."""
    device: str
    """As ``pick_device`` takes it."""
    workers: int
    """Images to work on at the same time."""
    folder: Path
    """What its box may write."""
    scores: Path
    """Folder for the scores around its patches."""
    pictures: int
    """Patches whose scores are wanted, from the first."""
    log: Path
    """Gets what the method prints."""


NO_STATE: Final = "pool.state is None, as the run has no state of this method"


class Introduction(Frozen):
    """What a method is, once it is imported."""

    id: str
    name: str
    """On the leaderboard."""
    oracle: bool
    """Whether it uses ground truth."""
    needs: frozenset[str]


class Go(Frozen):
    """The signal to query."""

    shared: Path | None
    """Folder of the predictions that all methods share; None: the method predicts for itself."""
    wanted: frozenset[str]
    """What any of the methods needs of them."""


class Progress(Frozen):
    """How far a query is."""

    done: int
    total: int


class Choice(Frozen):
    """What a method chose."""

    seconds: float
    """Time of the query."""
    predicted: int
    """Images whose prediction was computed in that time; 0 where methods share them."""
    patches: tuple[PatchRecord, ...]
    """In the order of their choice."""
    stateless: bool = False
    """Whether it asked for a state that the run doesn't have of it."""


class Failure(Frozen):
    """Why a method chose nothing."""

    reason: str
    """In one line."""
    traceback: str = ""


@dataclass(frozen=True)
class Answer:
    """All that is known of a method after its query."""

    method: str
    """As the user wrote it."""
    introduction: Introduction | None = None
    """None if it couldn't be imported."""
    choice: Choice | None = None
    failure: Failure | None = None
    """Exactly one of choice and failure is there."""
    scores: Path | None = None
    """Folder with the scores around its patches, if they were wanted."""

    @property
    def chosen(self) -> list[Patch]:
        """The patches, in the order of their choice."""
        found = self.choice.patches if self.choice else ()
        return [Patch(each.case, each.start, each.size) for each in found]
