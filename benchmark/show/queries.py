"""The queries of an experiment: patches of each loop on three planes, and where the loops went."""

from collections.abc import Sequence

import numpy as np

from benchmark.pictures.colours import OUTLINE, hexadecimal
from benchmark.pictures.marks import lettered, sheet
from benchmark.pictures.scenes import scene, varied
from benchmark.pictures.tiles import Surroundings, tile
from benchmark.show.overview import loop_colours, overview
from benchmark.show.page import Figure, Key, Page, Picture, Section
from benchmark.show.subject import ERRORLESS, Subject
from nnactive.anatomy.views import PLANES, views
from nnactive.data.progress import Progress
from nnactive.geometry import Patch

PIXELS = 176
"""Side of a tile."""
CONTEXT = 2.5
"""Side of what is shown in sides of the patch."""
THICK = 2
NAMES = tuple(name for name, *_ in PLANES)


def queries_page(subject: Subject, most: int, progress: Progress) -> Page:
    """The page, and a sheet for each loop and for the overview.

    Args:
        subject: the experiment.
        most: patches of a loop that are shown, of different cases first.
        progress: called after each patch and each image of the overview.

    Raises:
        UserError: if no patches are chosen yet.
    """
    queries = subject.queries()
    shown = {loop: varied(patches, most) for loop, patches in queries.items()}
    total, done = sum(map(len, shown.values())), 0
    sections, sheets = [], {}
    for loop, patches in shown.items():
        figures, rows = [], []
        for number, patch in enumerate(patches, 1):
            figure = _figure(subject, patch, number)
            figures.append(figure)
            rows.append((f"{number}. {patch.case}", [each.pixels for each in figure.pictures]))
            done += 1
            progress("patches", done, total)
        if rows:
            sheets[f"loop_{loop:03d}"] = sheet(rows, NAMES)
        sections.append(Section(_title(loop), _text(queries[loop], patches), figures))
    places = overview(subject.dataset, queries, progress)
    sheets["overview"] = sheet(places.rows, NAMES)
    colours = loop_colours(list(queries))
    cases = list(dict.fromkeys(patch.case for patches in queries.values() for patch in patches))
    return Page(
        title=f"Queries of {subject.name}",
        lead=f"{sum(map(len, queries.values()))} patches of {subject.dataset.info.name} in "
        f"{len(queries)} loops. Labels are shown inside patches only.",
        notes=[*([ERRORLESS] if subject.setting.annotator else []), *subject.notes(cases)],
        keys=[
            Key("the patch", [hexadecimal(OUTLINE)], line=True),
            *subject.class_keys(),
            *(Key(_title(loop), [hexadecimal(colour)], line=True) for loop, colour in colours),
        ],
        sections=[places.section, *sections],
        sheets=sheets,
    )


def _figure(subject: Subject, patch: Patch, number: int) -> Figure:
    """A patch on three planes through its centre."""
    seen = scene(subject.dataset, patch, CONTEXT)
    pictures = []
    for view in views(subject.dataset.toward(patch.case)):
        drawn = lettered(tile(seen, view, PIXELS, THICK), view)
        alt = f"{view.name} plane through the centre of patch {number}, {patch.case}"
        pictures.append(Picture(drawn, alt, view.name))
    start = ", ".join(map(str, patch.start))
    text = f"starts at {start}: {_voxels(subject, seen)}"
    return Figure(f"{number}. {patch.case}", text, pictures)


def _voxels(subject: Subject, seen: Surroundings) -> str:
    """The classes in a patch with their voxels, for people."""
    names = subject.dataset.info.classes
    counts = np.bincount(seen.label.ravel(), minlength=len(names))
    counts[0] = np.prod(seen.size) - counts[1:].sum()
    listed = [
        f"{name} {count:,}" for name, count in zip(names, counts.tolist(), strict=False) if count
    ]
    return f"{', '.join(listed)} voxels"


def _title(loop: int) -> str:
    return f"Loop {loop}" if loop else "Starting budget"


def _text(patches: Sequence[Patch], shown: Sequence[Patch]) -> str:
    cases = len({patch.case for patch in patches})
    some = "" if len(shown) == len(patches) else f" {len(shown)} are shown, from different cases."
    images = "image" if cases == 1 else "images"
    return f"{len(patches)} patches in {cases} {images}.{some}"
