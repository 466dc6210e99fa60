"""What a replay tells of each method: what it would have labelled, and how methods agree."""

import operator
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import Field

from benchmark import layout
from benchmark.replay.answers import Answer
from benchmark.replay.find import Moment
from benchmark.submission.spec import MethodSpec
from nnactive.data.prepared import PreparedDataset
from nnactive.geometry import Patch
from nnactive.io.files import read_model
from nnactive.io.models import Frozen
from nnactive.io.queries import PatchRecord, load_patches, record
from nnactive.labels import count_boundary, count_labelled
from nnactive.oracle.choose import oracle_of
from nnactive.settings import Annotator

OWN = "the run's own query"


class Row(Frozen):
    """One method, or the run's own query."""

    method: str
    """As the user wrote it; or `OWN`."""
    id: str
    """Method id; empty if it couldn't be imported."""
    oracle: bool
    """Whether it uses ground truth."""
    failure: str
    """Why it chose nothing, in one line; empty if it chose."""
    seconds: float | None
    """Time of the query; None for the run's own and for a failed one."""
    predicted: int
    """Images whose prediction was computed in that time."""
    patches: tuple[PatchRecord, ...]
    """In the order of their choice."""
    cases: dict[str, int]
    """Number of patches by case."""
    voxels: tuple[int, ...]
    """Voxels of each class in the patches, background first."""
    effort: tuple[int, ...]
    """Annotation effort: boundary voxels of each foreground class (protocol section 6)."""
    missed: tuple[str, ...]
    """Foreground classes without a voxel in the patches."""
    overlaps: tuple[float | None, ...]
    """Intersection over union, in voxels, with the patches of each row; None beside a failure."""

    @property
    def label(self) -> str:
        """The method without the folder of its file."""
        folder = self.method.rfind("/", 0, max(self.method.rfind(":"), 0))
        return self.method[folder + 1 :]

    @property
    def foreground(self) -> int:
        """Foreground voxels in the patches."""
        return sum(self.voxels[1:])

    @property
    def chosen(self) -> list[Patch]:
        """The patches."""
        return [Patch(each.case, each.start, each.size) for each in self.patches]


class Report(Frozen):
    """All of a replay."""

    track: str
    setting: str
    method: str
    """Id of the run's own method."""
    seed: int
    loop: int
    dataset: str
    classes: tuple[str, ...]
    """Background first."""
    labelled: int
    """Patches that the run had labelled."""
    rows: tuple[Row, ...]
    """The methods as asked; last the run's own query, if it made one."""
    annotator: Annotated[Annotator | None, Field(exclude_if=operator.not_)] = None
    """Whose errors the labels have that are counted; None: they are the pool's."""


def report(moment: Moment, answers: Sequence[Answer]) -> Report:
    """Compare what methods chose with the labels, with one another, and with the run's query."""
    dataset = PreparedDataset(moment.data)
    classes = dataset.info.classes
    rows = [_row(answer) for answer in answers]
    if moment.own_query.is_file():
        rows.append(_own(moment))
    counted = _counts(dataset, moment, [row.chosen for row in rows])
    finished = []
    for row, (voxels, effort) in zip(rows, counted, strict=True):
        missed = [name for name, n in zip(classes[1:], voxels[1:], strict=True) if not n]
        found = {
            "voxels": voxels,
            "effort": effort,
            "missed": () if row.failure else tuple(missed),
            "overlaps": tuple(
                None if row.failure or other.failure else iou(row.chosen, other.chosen)
                for other in rows
            ),
        }
        finished.append(row.model_copy(update=found))
    experiment = moment.experiment
    return Report(
        track=moment.root.name,
        setting=experiment.setting,
        method=experiment.method,
        seed=experiment.seed,
        loop=moment.loop,
        dataset=dataset.info.name,
        classes=classes,
        labelled=len(load_patches(moment.queries)),
        rows=tuple(finished),
        annotator=moment.setting.annotator,
    )


def iou(some: Iterable[Patch], others: Sequence[Patch]) -> float:
    """Intersection over union, in voxels, of two sets of patches that don't overlap inside a set.

    >>> a, b = Patch("x", (0, 0, 0), (2, 2, 2)), Patch("x", (0, 0, 1), (2, 2, 2))
    >>> iou([a], [b])
    0.3333333333333333
    """
    first = list(some)
    shared = sum(one.shared(other) for one in first for other in others)
    whole = sum(patch.voxels for patch in (*first, *others)) - shared
    return shared / whole if whole else 1.0


def _row(answer: Answer) -> Row:
    known, choice = answer.introduction, answer.choice
    return Row(
        method=answer.method,
        id=known.id if known else "",
        oracle=bool(known and known.oracle),
        failure=answer.failure.reason if answer.failure else "",
        seconds=choice.seconds if choice else None,
        predicted=choice.predicted if choice else 0,
        patches=choice.patches if choice else (),
        cases=_cases(answer.chosen),
        voxels=(),
        effort=(),
        missed=(),
        overlaps=(),
    )


def _own(moment: Moment) -> Row:
    patches = load_patches([moment.own_query])
    spec = moment.root / layout.spec_file(moment.experiment.method)
    return Row(
        method=OWN,
        id=moment.experiment.method,
        oracle=spec.is_file() and read_model(spec, MethodSpec).record.oracle,
        failure="",
        seconds=None,
        predicted=0,
        patches=record(patches),
        cases=_cases(patches),
        voxels=(),
        effort=(),
        missed=(),
        overlaps=(),
    )


def _cases(patches: Iterable[Patch]) -> dict[str, int]:
    return dict(sorted(Counter(patch.case for patch in patches).items()))


def _counts(
    dataset: PreparedDataset, moment: Moment, queries: Sequence[Sequence[Patch]]
) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Voxels and effort by class of each query, as labelled; each label map is read once.

    Of patches that a person hasn't labelled, nothing is known: they count as empty.
    """
    oracle = oracle_of(dataset, moment.setting.annotator, moment.experiment.seed)
    n = len(dataset.info.classes)
    voxels = [[0] * n for _ in queries]
    effort = [[0] * (n - 1) for _ in queries]
    for case in sorted({patch.case for query in queries for patch in query}):
        asked = [[patch for patch in query if patch.case == case] for query in queries]
        patches = list(dict.fromkeys(patch for inside in asked for patch in inside))
        known = oracle.labelled(patches)
        if not known:
            continue
        label = oracle.labels(case, known)
        for number, inside in enumerate(asked):
            counted = [patch for patch in inside if patch in known]
            _add(voxels[number], count_labelled(label, counted, n))
            _add(effort[number], count_boundary(label, counted, n))
    return [(tuple(v), tuple(e)) for v, e in zip(voxels, effort, strict=True)]


def _add(total: list[int], more: Iterable[int]) -> None:
    for place, value in enumerate(more):
        total[place] += value
