"""A round's page: every patch in pictures, why it was chosen, how to open it; works offline."""

import base64
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

from benchmark.annotation.project.model import Project
from benchmark.annotation.rounds import itksnap, names
from benchmark.annotation.rounds.formats import suffix_for
from benchmark.annotation.rounds.model import Round, RoundPatch, Why
from benchmark.annotation.rounds.page.pictures import HEIGHT, WIDTH
from benchmark.pictures.colours import OUTLINE, class_colour, hexadecimal
from nnactive.data.unlabelled.source import Sources

FOLDER: Final = Path(__file__).parent
STYLES: Final = FOLDER.parents[2] / "pictures"
POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'"
)
LEAST: Final = 0.001
"""Share of a patch from which on a predicted class is named."""

NO_METHODS: Final = {"prior", "place"}
NOISY_STRATA: Final = (
    "{} chooses some patches by uncertainty alone and then a share for each class, all with random "
    "noise (power noise{}), so the order of choice doesn't follow the mean uncertainty (1 - "
    "confidence)."
)
ORDERS: Final = {
    "clap_pe": NOISY_STRATA.format("ClaP PE", ""),
    "clasp_pe": NOISY_STRATA.format("ClaSP PE", ", less in later rounds"),
}
"""By name of a method: how it orders patches."""


@dataclass(frozen=True)
class Row:
    """One patch."""

    id: str
    picture: str
    """As a ``data:`` URI."""
    alt: str
    why: str
    size: str
    label: str
    scene: str
    itksnap: str


@dataclass(frozen=True)
class Group:
    """One image's patches."""

    case: str
    rows: Sequence[Row]


def render(
    known: Round, project: Project, sources: Sources, picture: Callable[[str], bytes]
) -> str:
    """The page as HTML; all text is escaped.

    Args:
        known: the round.
        project: its project.
        sources: of the prepared dataset.
        picture: WebP picture of a patch, by its id.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader([FOLDER, STYLES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    groups = list(_groups(known, project, sources, picture))
    colours = [(name, class_colour(n)) for n, name in enumerate(project.classes, 1)]
    return environment.get_template("round.html").render(
        title=f"{project.name}: round {known.number}",
        number=known.number,
        count=len(known.patches),
        images=len(groups),
        groups=groups,
        classes=list(enumerate(project.classes, 1)),
        ignore=project.ignore,
        colours=colours,
        outline=hexadecimal(OUTLINE),
        drafted=any(each.draft == "prediction" for each in known.patches),
        crops=known.view == "crop",
        order=order_text([each.why for each in known.patches]),
        width=WIDTH,
        height=HEIGHT,
        policy=POLICY,
    )


def _groups(
    known: Round, project: Project, sources: Sources, picture: Callable[[str], bytes]
) -> Iterator[Group]:
    for case, patches in groupby(known.patches, key=lambda each: each.patch.case):
        rows = [_row(known, each, project, sources, picture(each.id)) for each in patches]
        yield Group(case, rows)


def _row(known: Round, each: RoundPatch, project: Project, sources: Sources, picture: bytes) -> Row:
    source = sources.cases[each.patch.case]
    stem = names.stem_of(known.view, each.id, each.patch.case)
    suffix = suffix_for(source.grid)
    images = [names.image_name(stem, n, suffix) for n in range(len(project.channels))]
    label = names.label_name(stem, suffix)
    extent = zip(each.box.size, source.grid.spacing, strict=True)
    millimetres = " x ".join(f"{n * mm:.0f}" for n, mm in extent)
    return Row(
        id=each.id,
        picture="data:image/webp;base64," + base64.b64encode(picture).decode(),
        alt=f"Axial, coronal and sagittal plane through the centre of {each.id}, {each.patch.case}",
        why=why_text(each.why, len(known.patches)),
        size=f"{' x '.join(map(str, each.box.size))} voxels at {_listed(each.box.start)} "
        f"(z, y, x), {millimetres} mm",
        label=label,
        scene=names.scene_name(stem),
        itksnap=itksnap.command(images, label),
    )


def why_text(why: Why, count: int) -> str:
    """Why a patch was chosen, for people.

    >>> why_text(Why(by="clasp_pe", rank=2, uncertainty=0.25, predicted={"background": 1.0}), 9)
    'Chosen 2nd of 9 by clasp_pe; mean uncertainty 25.0%; predicted: background 100%'
    """
    by = "where you said to look" if why.by == "prior" else f"by {why.by.rpartition('+')[2]}"
    parts = [f"Chosen {_ordinal(why.rank)} of {count} {by}"]
    if why.uncertainty is not None:
        parts.append(f"mean uncertainty {why.uncertainty:.1%}")
    if why.predicted is not None:
        found = sorted(why.predicted.items(), key=lambda item: -item[1])
        shares = [f"{name} {share:.3g}%" for name, share in _percent(found)]
        parts.append(f"predicted: {', '.join(shares)}")
    return "; ".join(parts)


def order_text(whys: Sequence[Why]) -> str:
    """How a round's order of choice goes with the uncertainties that are shown.

    Returns:
        A sentence; empty if none is shown, or a person said where to look.

    >>> order_text([Why(by="random_start+bald", rank=1, uncertainty=0.2)])
    'bald has its own order of choice, which need not follow the mean uncertainty (1 - confidence).'
    """
    shown = [why.by for why in whys if why.uncertainty is not None and why.by not in NO_METHODS]
    if not shown:
        return ""
    name = shown[0].rpartition("+")[2].partition(",")[0]
    return ORDERS.get(name) or (
        f"{name} has its own order of choice, which need not follow the mean uncertainty (1 - "
        "confidence)."
    )


def _percent(found: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    return [(name, 100 * share) for name, share in found if share >= LEAST]


def _ordinal(number: int) -> str:
    last = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in {11, 12, 13} else last}"


def _listed(values: Sequence[int]) -> str:
    return ", ".join(map(str, values))
