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
    labels = _Files(root, layout.label, layout)
    images = [_Files(root, pattern, layout) for pattern in layout.images]
    stars = {labels.key(written): (written, values) for written, values in labels.named()}
    for files in images:
        for written, values in files.named():
            if files.pattern.count("*") == layout.label.count("*"):
                stars.setdefault(files.key(written), (written, values))
    cases = [
        Found(
            layout.case_id.format(key),
            tuple(files.of(*given) for files in images),
            labels.of(*given),
            ready=layout.ready,
        )
        for key, given in stars.items()
    ]
    if layout.surplus:
        cases = [
            case
            for case in cases
            if is_named_as_published(case.id, card) or not re.fullmatch(layout.surplus, case.id)
        ]
    return Sighting(card, layout, root, tuple(sorted(cases, key=lambda case: case.id)))


class _Files:
    """The files of a folder that a layout's pattern matches."""

    def __init__(self, root: Path, pattern: str, layout: Layout) -> None:
        self.root, self.pattern, self.any_case = root, pattern, layout.any_case
        self.paths: dict[str, Path] = {}
        for ending in ENDINGS:
            for path in sorted(root.glob(f"{pattern.replace('{}', '*')}{ending}")):
                name = self.key(path.relative_to(root).as_posix())
                if name in self.paths:
                    raise _twice(path, self.paths[name])
                self.paths[name] = path

    def key(self, name: str) -> str:
        """What is the same for all ways to write a name."""
        return name.upper() if self.any_case else name

    def named(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """What ``{}`` and each ``*`` stand for in the files."""
        places = {"{}": "(?P<case>[^/.][^/]*)", "*": "([^/]*)"}
        again = "(?i:(?P=case))" if self.any_case else "(?P=case)"
        body = ""
        for part in re.split(r"(\{\}|\*)", self.pattern):
            body += again if part == "{}" and "(?P<" in body else places.get(part, re.escape(part))
        expression = re.compile(body + f"(?:{'|'.join(map(re.escape, ENDINGS))})")
        for path in self.paths.values():
            if match := expression.fullmatch(path.relative_to(self.root).as_posix()):
                numbered = expression.groupindex["case"]
                values = (v for n, v in enumerate(match.groups(), 1) if n != numbered)
                yield match["case"], tuple(values)

    def of(self, written: str, stars: tuple[str, ...]) -> Path:
        """A case's file in the ending that is there; in the published one if neither is."""
        left = iter(stars)
        text = re.sub(r"\{\}|\*", lambda m: written if m[0] == "{}" else next(left), self.pattern)
        names = [f"{text}{ending}" for ending in ENDINGS]
        there = [self.paths[key] for key in map(self.key, names) if key in self.paths]
        if len(there) > 1:
            raise _twice(there[1], there[0])
        return there[0] if there else self.root / names[0]


def _twice(path: Path, other: Path) -> UserError:
    return UserError(f"{path}: beside it is {other.name}; remove one of them")


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
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
