"""The cases of a folder in one of the layouts that a card lists."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nnactive.data.card_layouts import Layout
from nnactive.data.cards import Card
from nnactive.data.case_ids import is_named_as_published
from nnactive.data.raw.layout import DESCRIPTION, Found, find_root
from nnactive.errors import UserError

ENDINGS = (".nii.gz", ".nii")
"""Of the files, the published one first."""


@dataclass(frozen=True)
class Sighting:
    """A folder in one of a dataset's layouts."""

    card: Card
    layout: Layout
    root: Path
    """The folder with the cases."""
    cases: tuple[Found, ...]
    """Sorted by id; files may be missing."""

    @property
    def complete(self) -> int:
        """Number of cases that are named as published and lack no file."""
        return complete_cases(self.cases, self.card)

    @property
    def told(self) -> str:
        """What it is called, for a message."""
        files = [path for case in self.cases for path in (*case.files, case.label)]
        plain = all(path.name.endswith(ENDINGS[0]) for path in files)
        return self.layout.title if plain else f"{self.layout.title}, not compressed"


def complete_cases(cases: Iterable[Found], card: Card) -> int:
    """Number of cases that are named as published and lack no file."""
    return sum(
        is_named_as_published(case.id, card)
        and all(path.is_file() for path in (*case.files, case.label))
        for case in cases
    )


def sighting(raw: Path, card: Card, layout: Layout) -> Sighting | None:
    """The cases of ``raw`` in one layout; None if its label maps aren't there.

    Raises:
        UserError: a file is there compressed and not compressed.
    """
    try:
        root = find_root(raw, f"{layout.label.format('*')}{ENDINGS[1]}*")
    except UserError:
        return None
    if layout.highest not in {None, _highest_label(root)}:
        return None
    stars = dict(_named(root, layout.label))
    for pattern in layout.images:
        for written, values in _named(root, pattern):
            if pattern.count("*") == layout.label.count("*"):
                stars.setdefault(written, values)
    cases = [
        Found(
            layout.case_id.format(written),
            tuple(_file(root, pattern, written, values) for pattern in layout.images),
            _file(root, layout.label, written, values),
            ready=layout.ready,
        )
        for written, values in stars.items()
    ]
    if layout.surplus:
        cases = [
            case
            for case in cases
            if is_named_as_published(case.id, card) or not re.fullmatch(layout.surplus, case.id)
        ]
    return Sighting(card, layout, root, tuple(sorted(cases, key=lambda case: case.id)))


def _named(root: Path, pattern: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What ``{}`` and each ``*`` stand for in the files that a pattern matches."""
    parts = re.split(r"(\{\}|\*)", pattern)
    places = {"{}": "(?P<case>[^/.][^/]*)", "*": "([^/]*)"}
    body = "".join(places.get(part, re.escape(part)) for part in parts)
    for ending in ENDINGS:
        expression = re.compile(body + re.escape(ending))
        for path in sorted(root.glob(f"{pattern.format('*')}{ending}")):
            if match := expression.fullmatch(path.relative_to(root).as_posix()):
                case = match["case"]
                numbered = expression.groupindex["case"]
                yield case, tuple(v for n, v in enumerate(match.groups(), 1) if n != numbered)


def _file(root: Path, pattern: str, written: str, stars: tuple[str, ...]) -> Path:
    """A case's file in the ending that is there; in the published one if neither is."""
    left = iter(stars)
    text = re.sub(r"\{\}|\*", lambda m: written if m[0] == "{}" else next(left), pattern)
    paths = [root / f"{text}{ending}" for ending in ENDINGS]
    there = [path for path in paths if path.is_file()]
    if len(there) > 1:
        raise UserError(f"{there[1]}: beside it is {there[0].name}; remove one of them")
    return there[0] if there else paths[0]


def _highest_label(root: Path) -> int | None:
    """The highest label value in a folder's ``dataset.json``; None: it has none."""
    values = description(root).get("labels")
    numbers = (
        [value for value in values.values() if isinstance(value, int)]
        if isinstance(values, dict)
        else []
    )
    return max(numbers, default=None)


def description(root: Path) -> dict[str, object]:
    """Content of a folder's ``dataset.json``; empty if there is none that can be read."""
    try:
        content = json.loads((root / DESCRIPTION).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
