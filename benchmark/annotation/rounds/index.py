"""A round's table: every patch with its box in voxels and mm, and why it was chosen."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from benchmark.annotation.rounds import names
from benchmark.annotation.rounds.formats import suffix_for
from benchmark.annotation.rounds.model import Round, RoundPatch
from benchmark.annotation.rounds.slicer.box import centre_mm
from nnactive.data.unlabelled.source import Box, Source, Sources
from nnactive.geometry import as_triple

AXES: Final = "zyx"
COLUMNS: Final = (
    "patch",
    "case",
    *(f"start_{axis}" for axis in AXES),
    *(f"size_{axis}" for axis in AXES),
    *(f"first_{axis}_mm" for axis in reversed(AXES)),
    *(f"last_{axis}_mm" for axis in reversed(AXES)),
    "chosen_by",
    "rank",
    "uncertainty",
    "likely_class",
    "likely_share",
    "draft",
    "label_file",
)
"""Boxes are in voxels of the image, and in mm (LPS) the centres of its first and last voxel."""


def table(known: Round, sources: Sources) -> str:
    """Content of ``index.csv``."""
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for each in known.patches:
        writer.writerow(dict(_cells(known, each, sources.cases[each.patch.case])))
    return file.getvalue()


def _cells(known: Round, each: RoundPatch, source: Source) -> Iterator[tuple[str, object]]:
    yield "patch", each.id
    yield "case", each.patch.case
    yield from _named("start_{}", AXES, each.box.start)
    yield from _named("size_{}", AXES, each.box.size)
    first, last = ends_mm(source, each.box)
    yield from _named("first_{}_mm", AXES[::-1], [round(value, 3) for value in first])
    yield from _named("last_{}_mm", AXES[::-1], [round(value, 3) for value in last])
    why = each.why
    yield "chosen_by", why.by
    yield "rank", why.rank
    yield "uncertainty", "" if why.uncertainty is None else why.uncertainty
    name, share = likely(why.predicted)
    yield "likely_class", name
    yield "likely_share", share
    yield "draft", each.draft
    stem = names.stem_of(known.view, each.id, each.patch.case)
    yield "label_file", names.label_name(stem, suffix_for(source.grid))


def likely(predicted: Mapping[str, float] | None) -> tuple[str, float | str]:
    """The foreground class that takes most of a patch, and its share; empty if there is none."""
    shares = list((predicted or {}).items())[1:]
    name, share = max(shares, key=lambda item: item[1], default=("", 0.0))
    return (name, share) if share > 0 else ("", "")


def ends_mm(source: Source, box: Box) -> tuple[list[float], list[float]]:
    """Centres of a box's first and last voxel in mm, LPS (x, y, z)."""
    ends = box.start, as_triple(stop - 1 for stop in box.stop)
    first, last = (centre_mm(source.grid, Box(start=at, size=(1, 1, 1))) for at in ends)
    return first.tolist(), last.tolist()


def _named(pattern: str, axes: str, values: Sequence[float]) -> Iterator[tuple[str, object]]:
    yield from ((pattern.format(axis), value) for axis, value in zip(axes, values, strict=True))
