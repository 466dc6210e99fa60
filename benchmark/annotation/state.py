"""Where a project is: rounds, what is labelled, how long that took; read from small files."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import prod
from typing import Final

from benchmark.annotation.finished import finished_of
from benchmark.annotation.imports.saved import saved_since
from benchmark.annotation.project.model import Project
from benchmark.annotation.project.places import Places, command, round_name
from benchmark.annotation.project.there import seen_since
from benchmark.annotation.rounds.model import Round, RoundPatch, rounds_of
from benchmark.annotation.settled import settled
from nnactive.data.unlabelled.source import SOURCES, Sources
from nnactive.io.files import read_model
from nnactive.oracle.drawn import GIVEN, Drawn, folder_of, history

PAUSE: Final = timedelta(minutes=15)
"""A longer gap between two saves is no work on the later patch."""


@dataclass(frozen=True)
class Minutes:
    """Working time, from the dates of saved files.

    The time of a patch is that since the file that was saved before it, in whichever round, unless
    that is more than 15 minutes or a round was written since: then a new session began, and its
    first patch's time is unknown. Files saved in the same second count as one.
    """

    minutes: float
    timed: int
    """Saves whose time is known ..."""
    saved: int
    """... of so many with a date."""


@dataclass(frozen=True)
class RoundState:
    """One round."""

    number: int
    written: str
    patches: int
    labelled: int
    corrected: int
    """Of these, imported more than once."""
    open: tuple[str, ...]
    """Ids of patches without labels."""
    changed: tuple[str, ...]
    """Ids of patches with a file whose labels are none that were written or imported."""
    images: int
    voxels: tuple[int, ...]
    """Labelled voxels of each class, background included."""
    minutes: Minutes


@dataclass(frozen=True)
class State:
    """A project."""

    name: str
    classes: tuple[str, ...]
    """Background first."""
    planned: int
    """Rounds."""
    rounds: tuple[RoundState, ...]
    images: int
    images_labelled: int
    """With at least one labelled patch."""
    given: int
    """Images with labels from the start."""
    voxels: tuple[int, ...]
    """Labelled voxels of each class, in patches and from the start."""
    share: float | None
    """Labelled share of all voxels; None: the images aren't prepared yet."""
    minutes: Minutes
    missing: tuple[str, ...]
    """Classes of which no voxel is labelled."""
    since: tuple[str, ...]
    """What has happened to images and given labels since they were read, a line each."""
    todo: str


@dataclass(frozen=True)
class _Patch:
    number: int
    patch: RoundPatch
    imports: Sequence[Drawn]


def state_of(places: Places, project: Project) -> State:
    """Where a project is.

    Args:
        places: of the project.
        project: what was chosen.

    Raises:
        UserError: the project was changed, or a file of it is broken; names it.
    """
    settled(places, project)
    rounds = rounds_of(places)
    patches = [
        _Patch(
            each.number, patch, history(folder_of(places.labels, round_name(each.number), patch.id))
        )
        for each in rounds
        for patch in each.patches
    ]
    given = [
        known[-1]
        for folder in sorted((places.labels / GIVEN).glob("*"))
        if (known := history(folder))
    ]
    spent = _minutes(patches, [datetime.fromisoformat(each.written) for each in rounds])
    states = tuple(_round_state(places, project, each, patches, spent) for each in rounds)
    current = [*given, *(each.imports[-1] for each in patches if each.imports)]
    voxels = _sum((each.voxels for each in current), project)
    return State(
        name=project.name,
        classes=project.all_classes,
        planned=project.rounds,
        rounds=states,
        images=len(project.images),
        images_labelled=len({each.patch.case for each in current}),
        given=len({each.patch.case for each in given}),
        voxels=voxels,
        share=_share(places, project, sum(voxels)),
        minutes=_total(spent.values()),
        missing=tuple(
            name for name, count in zip(project.classes, voxels[1:], strict=True) if not count
        ),
        since=tuple(seen_since(places, project)),
        todo=_todo(places, project, states, max((each.imported for each in current), default="")),
    )


def _round_state(
    places: Places,
    project: Project,
    number: Round,
    patches: Sequence[_Patch],
    spent: dict[int, Minutes],
) -> RoundState:
    mine = [each for each in patches if each.number == number.number]
    done = [each for each in mine if each.imports]
    return RoundState(
        number=number.number,
        written=number.written,
        patches=len(mine),
        labelled=len(done),
        corrected=sum(len(each.imports) > 1 for each in done),
        open=tuple(each.patch.id for each in mine if not each.imports),
        changed=saved_since(places, project, number),
        images=len({each.patch.patch.case for each in mine}),
        voxels=_sum((each.imports[-1].voxels for each in done), project),
        minutes=spent.get(number.number, Minutes(0, 0, 0)),
    )


def _minutes(patches: Iterable[_Patch], written: Sequence[datetime]) -> dict[int, Minutes]:
    """Working time by round.

    Args:
        patches: of all rounds.
        written: when each round was; training came before that, and nobody labelled.
    """
    saves = sorted({
        (datetime.fromisoformat(drawn.saved), each.number)
        for each in patches
        for drawn in each.imports
        if drawn.saved is not None
    })  # fmt: skip
    found: dict[int, Minutes] = {}
    first = [(None, saves[0])] if saves else []
    for before, (when, number) in [*first, *pairwise(saves)]:
        is_new = before is None or any(before[0] < each <= when for each in written)
        gap = None if before is None or is_new else when - before[0]
        known = found.get(number, Minutes(0, 0, 0))
        timed = gap is not None and gap <= PAUSE
        found[number] = Minutes(
            known.minutes + (gap.total_seconds() / 60 if gap is not None and timed else 0),
            known.timed + timed,
            known.saved + 1,
        )
    return found


def _total(parts: Iterable[Minutes]) -> Minutes:
    known = list(parts)
    return Minutes(
        sum(each.minutes for each in known),
        sum(each.timed for each in known),
        sum(each.saved for each in known),
    )


def _sum(counts: Iterable[Sequence[int]], project: Project) -> tuple[int, ...]:
    total = [0] * len(project.all_classes)
    for each in counts:
        for label, count in enumerate(each):
            total[label] += count
    return tuple(total)


def _share(places: Places, project: Project, labelled: int) -> float | None:
    file = places.prepared(project) / SOURCES
    if not file.is_file():
        return None
    cases = read_model(file, Sources).cases.values()
    return labelled / max(sum(prod(each.grid.shape) for each in cases), 1)


def _todo(places: Places, project: Project, rounds: Sequence[RoundState], imported: str) -> str:
    """What comes next, the last import being of that time."""
    if not rounds:
        return f"choose the first patches: {command('next', places.root)}"
    last = rounds[-1]
    if changed := [each.number for each in rounds if each.changed]:
        return (
            f"import what was saved in {round_name(changed[-1])}: {command('import', places.root)}"
        )
    if last.open:
        return (
            f"label the open patches in {places.round(last.number)}, then: "
            f"{command('import', places.root)}"
        )
    if len(rounds) < project.rounds:
        return f"choose the next patches: {command('next', places.root)}"
    finished = finished_of(places)
    if finished is not None and imported <= finished.begun:
        return (
            f"nothing: {places.finished} has all labels; raise rounds in {places.project} to go on"
        )
    return (
        f"all {project.rounds} planned rounds are labelled; train on all of them: "
        f"{command('finish', places.root)}"
    )
