"""The page of a replay: one HTML file that works offline, without a script."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark.pictures.colours import SCALE, class_colour
from benchmark.pictures.scenes import shades
from benchmark.replay.answers import Answer
from benchmark.replay.find import Moment
from benchmark.replay.page.pictures import Plane, Scene, planes
from benchmark.replay.report import Report, Row
from benchmark.replay.scores import Planes, file_of, read_scores
from nnactive.annotator.drawn import drawn_labels
from nnactive.data.prepared import PreparedDataset
from nnactive.geometry import Patch
from nnactive.io.queries import load_patches
from nnactive.labels import paint
from nnactive.oracle.choose import oracle_of

FOLDER = Path(__file__).parent
STYLES = FOLDER.parents[1] / "pictures"
PANELS = ("image", "labels", "voxel score", "patch score")
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'"
)


@dataclass(frozen=True)
class Shown:
    """A patch on the page."""

    number: int
    patch: Patch
    voxels: tuple[tuple[str, int], ...]
    """Name and voxels of each class in it."""
    ranges: tuple[tuple[str, float, float], ...]
    """Name of each score with its lowest and highest value in the image."""
    planes: tuple[Plane, ...]


@dataclass(frozen=True)
class Section:
    """A method on the page."""

    key: str
    row: Row
    panels: tuple[str, ...]
    """Titles of the panels."""
    patches: tuple[Shown, ...]


def render(moment: Moment, told: Report, answers: Sequence[Answer], pictures: int) -> str:
    """The whole page as HTML.

    Args:
        moment: what was replayed.
        told: what the tables show.
        answers: say where the scores are; in the order of the first rows.
        pictures: patches of each row that are shown.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    dataset = PreparedDataset(moment.data)
    environment = Environment(
        loader=FileSystemLoader([FOLDER, STYLES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html").render(
        policy=POLICY,
        told=told,
        sections=list(_sections(moment, told, answers, pictures)),
        colours=[(name, class_colour(n)) for n, name in enumerate(told.classes) if n],
        scale=", ".join(SCALE),
        assumed=any(
            dataset.toward(patch.case) is None for row in told.rows for patch in row.chosen
        ),
    )


def _sections(
    moment: Moment, told: Report, answers: Sequence[Answer], pictures: int
) -> Iterator[Section]:
    dataset = PreparedDataset(moment.data)
    before = load_patches(moment.queries)
    folders = [answer.scores for answer in answers]
    for number, row in enumerate(told.rows):
        folder = folders[number] if number < len(folders) else None
        key = f"m{number + 1}"
        shown = []
        for place in range(min(pictures, len(row.patches))):
            scores = read_scores(file_of(folder, place)) if folder else {}
            shown.append(_shown(dataset, moment, row, before, scores, f"{key}-{place + 1}", place))
        known = {name for each in shown for name, _, _ in each.ranges}
        kept = [n for n, name in enumerate(PANELS) if n < 2 or name in known]  # noqa: PLR2004
        yield Section(key, row, tuple(PANELS[n] for n in kept), tuple(shown))


def _shown(
    dataset: PreparedDataset,
    moment: Moment,
    row: Row,
    before: Sequence[Patch],
    scores: dict[str, Planes],
    key: str,
    place: int,
) -> Shown:
    patch = row.chosen[place]
    image = dataset.image(patch.case)[0]
    label = _label(dataset, moment, patch.case, [*row.chosen, *before])
    scene = Scene(
        image=shades(dataset, image),
        label=label,
        spacing=dataset.info.spacing,
        chosen=row.chosen,
        before=before,
        toward=dataset.toward(patch.case),
    )
    classes = dataset.info.classes
    # Where a person hasn't drawn anything, there is the ignore value.
    found = np.bincount(label[patch.slices].ravel(), minlength=len(classes))
    counts = found[: len(classes)].tolist()
    return Shown(
        number=place + 1,
        patch=patch,
        voxels=tuple(zip(classes, counts, strict=True)),
        ranges=tuple((f"{name} score", each.low, each.high) for name, each in scores.items()),
        planes=tuple(planes(patch, key, scene, scores, moment.setting.stride)),
    )


def _label(
    dataset: PreparedDataset, moment: Moment, case: str, patches: Sequence[Patch]
) -> np.ndarray:
    """A case's label map, inside its patches as the setting's annotator or a person draws it."""
    inside, annotator = [p for p in patches if p.case == case], moment.setting.annotator
    if dataset.info.labels_in is not None:
        oracle = oracle_of(dataset, annotator, moment.experiment.seed)
        return oracle.labels(case, oracle.labelled(inside))
    label = dataset.pool_label(case)
    if annotator is None:
        return label
    return paint(
        label, drawn_labels(dataset, annotator, moment.experiment.seed, case, inside), inside
    )
