"""Counts of a project's predictions, kept beside them, and what they add up to."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Final, TypeVar

import numpy as np

from benchmark.annotation.agreement.calibrated import Calibrated, calibrate, expected_wrong
from benchmark.annotation.agreement.counts import STEPS, Change, HeldOut, Table, change, held_out
from benchmark.annotation.predictions import MADE, Predicted, PredictedBy
from benchmark.annotation.project.model import Project
from benchmark.annotation.project.places import Places
from benchmark.annotation.rounds.model import Round, rounds_of
from nnactive.data.prepared import PreparedDataset
from nnactive.errors import UserError
from nnactive.geometry import Patch
from nnactive.io.files import read_model, write_model
from nnactive.io.models import Frozen, StateFile
from nnactive.oracle.base import Oracle
from nnactive.oracle.choose import oracle_of
from nnactive.oracle.drawn import as_patch
from nnactive.steps.evaluate import confusion
from nnactive.streams import stream

WATCHED: Final = 20
"""Images whose predictions are compared between rounds, at most."""
Kept = TypeVar("Kept", bound=StateFile)
CHANGES, HELD_OUT = "changes.json", "held_out.json"


class Agreement(Frozen):
    """All that can be told about when to stop."""

    watched: tuple[str, ...]
    """Images that are compared between rounds."""
    changes: tuple[Change, ...] = ()
    """By round, from the second ensemble on."""
    held_out: tuple[HeldOut, ...] = ()
    """By round, of those whose next round has labels."""
    calibrated: Calibrated | None = None
    """In the patches of the last of these."""
    wrong: float | None = None
    """Share of the watched images' voxels that the newest ensemble gets wrong if that calibration
    holds in them; None: unknown."""


class Changes(StateFile):
    """Voxels of watched images by earlier and later label; beside the later predictions."""

    SCHEMA: ClassVar[int] = 1

    before: str
    """Key of the earlier predictions."""
    tables: dict[str, Table]
    steps: dict[str, tuple[int, ...]]
    """Voxels by step of the later confidence."""


class PatchCounts(Frozen):
    """Voxels of one patch."""

    version: str
    """Of the person's labels."""
    table: Table
    """By the person's label (row) and the predicted one."""
    steps: Table
    """By step of the confidence: wrong and right."""


class Compared(StateFile):
    """What a person drew in patches, against an earlier prediction; beside the prediction."""

    SCHEMA: ClassVar[int] = 1

    patches: dict[str, PatchCounts]


def watched_cases(project: Project, dataset: PreparedDataset) -> tuple[str, ...]:
    """Images to compare between rounds: all that aren't wholly labelled, or 20 drawn by name.

    The same in every round; whoever predicts a round predicts these, too.
    """
    whole = {p.case for p in dataset.given if p.size == dataset.shape(p.case)}
    cases = sorted(case.id for case in dataset.info.pool if case.id not in whole)
    if len(cases) <= WATCHED:
        return tuple(cases)
    order = stream(project.name, project.seed, "watched").permutation(len(cases))
    return tuple(sorted(cases[n] for n in order[:WATCHED]))


def read_agreement(places: Places, project: Project) -> Agreement:
    """How predictions changed from round to round, and how they did where labels came later.

    Counts are kept, so that only what is new is counted.

    Args:
        places: of the project; its images are prepared.
        project: of which.
    """
    dataset = PreparedDataset(places.prepared(project))
    watched, classes = watched_cases(project, dataset), len(dataset.info.classes)
    names = (project.name, project.seed)
    rounds = rounds_of(places)
    changes: list[Change] = []
    evidence: list[HeldOut] = []
    counted, newest, doubts = None, None, np.zeros(STEPS)
    for number in range(len(rounds)):
        found = _changes(places, number, watched, classes)
        if found is not None and found.tables:
            tables, steps = _arrays(found.tables), _arrays(found.steps)
            changes.append(change(number, tables, steps, names))
            newest, doubts = number, np.sum(list(steps.values()), axis=0)
        if number + 1 < len(rounds):
            compared = _compared(places, project, dataset, rounds[number + 1])
            if compared:
                tables_of = [(case, np.array(each.table)) for case, each, _ in compared]
                drafted = sum(shown for _, _, shown in compared)
                evidence.append(held_out(number, tables_of, drafted, names))
                counted = np.sum([np.array(each.steps) for _, each, _ in compared], axis=0)
    calibrated = None if counted is None else calibrate(counted)
    fitted = calibrated.temperature if calibrated else None
    return Agreement(
        watched=watched,
        changes=tuple(changes),
        held_out=tuple(evidence),
        calibrated=calibrated,
        wrong=None if fitted is None or newest is None else expected_wrong(doubts, fitted),
    )


def _changes(places: Places, number: int, watched: tuple[str, ...], classes: int) -> Changes | None:
    """Counts of a round's change; None: not both ensembles have predicted."""
    if number == 0:
        return None
    earlier, later = (
        Predicted(places.predictions(number - 1)),
        Predicted(places.predictions(number)),
    )
    key = _key(earlier.folder)
    if key is None or _key(later.folder) is None:
        return None
    known = _known(later.folder / CHANGES, Changes)
    if known is None or known.before != key:
        known = Changes(before=key, tables={}, steps={})
    tables, steps = dict(known.tables), dict(known.steps)
    for case in watched:
        if case not in tables and earlier.has(case) and later.has(case):
            tables[case] = _table(confusion(earlier.labels(case), later.labels(case), classes))
            steps[case] = _row(np.bincount(later.steps(case).ravel(), minlength=STEPS))
    found = Changes(before=key, tables=tables, steps=steps)
    if found != known:
        write_model(later.folder / CHANGES, found)
    return found


def _compared(
    places: Places, project: Project, dataset: PreparedDataset, chosen: Round
) -> list[tuple[str, PatchCounts, bool]]:
    """Counts of each labelled patch of a round: its case, and whether its draft was shown."""
    predicted = Predicted(places.predictions(chosen.number - 1))
    if _key(predicted.folder) is None:
        return []
    known = _known(predicted.folder / HELD_OUT, Compared) or Compared(patches={})
    oracle = oracle_of(dataset, None, project.seed)
    counts: dict[str, PatchCounts] = {}
    found = []
    for each in chosen.patches:
        patch = as_patch(each.patch)
        if not (predicted.has(patch.case) and oracle.labelled([patch])):
            continue
        version = oracle.version(patch.case, [patch])
        before = known.patches.get(each.id)
        if before is None or before.version != version:
            before = _patch_counts(oracle, predicted, patch, version, len(dataset.info.classes))
        counts[each.id] = before
        found.append((patch.case, before, each.draft == "prediction"))
    if Compared(patches=counts) != known:
        write_model(predicted.folder / HELD_OUT, Compared(patches=counts))
    return found


def _patch_counts(
    oracle: Oracle, predicted: Predicted, patch: Patch, version: str, classes: int
) -> PatchCounts:
    drawn = oracle.labels(patch.case, [patch])[patch.slices]
    labels = predicted.labels(patch.case, patch.slices)
    steps = predicted.steps(patch.case, patch.slices)
    inside = drawn < classes  # what was left open says nothing
    drawn, labels, steps = drawn[inside], labels[inside], steps[inside]
    right = drawn == labels
    return PatchCounts(
        version=version,
        table=_table(confusion(drawn, labels, classes)),
        steps=_table(np.bincount(steps * np.int64(2) + right, minlength=2 * STEPS).reshape(-1, 2)),
    )


def _key(folder: Path) -> str | None:
    file = folder / MADE
    return read_model(file, PredictedBy).key if file.is_file() else None


def _known(file: Path, kind: type[Kept]) -> Kept | None:
    """What was counted before; None: nothing that can be read, so it is counted again."""
    try:
        return read_model(file, kind)
    except UserError:
        return None


def _table(counts: np.ndarray) -> Table:
    return tuple(_row(row) for row in counts)


def _row(counts: np.ndarray) -> tuple[int, ...]:
    return tuple(int(n) for n in counts)


def _arrays(counts: Mapping[str, object]) -> dict[str, np.ndarray]:
    return {case: np.array(each) for case, each in counts.items()}
