"""The files that a query or a start needs, and so all that its box holds."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from nnactive.data.prepared import IMAGES, POOL_LABELS, volume_file
from nnactive.io.queries import load_query, state_file
from nnactive.nnunet.training_folder import FINGERPRINT_LINK
from nnactive.steps.annotate import labelled_file
from nnactive.steps.pool_files import PoolFacts


def pool_of(data: Path, facts: PoolFacts, *, labels: bool = False) -> Iterator[Path]:
    """The pool's images, one by one, as their folder holds the test set's, too.

    Args:
        data: the prepared dataset.
        facts: which cases are the pool's.
        labels: whether to add their complete label maps, for a method that declares it uses them.
    """
    for kind in (IMAGES, POOL_LABELS) if labels else (IMAGES,):
        yield from (volume_file(data, kind, case) for case in facts.shapes)


def training_of(train: Path) -> Iterator[Path]:
    """A training folder, and what its links lead to: images, and earlier loops' folders."""
    yield train
    seen: set[Path] = set()
    for link in sorted(train.rglob("*")):
        if link.is_symlink() and link.name != FINGERPRINT_LINK:
            # A folder as a whole, as each file of a box costs time.
            seen.update(_whole(name) for name in _on_the_way(link))
    yield from sorted(seen - {train})


def _whole(file: Path) -> Path:
    """The training folder that a file is in; otherwise the file."""
    return next((each for each in file.parents if labelled_file(each).is_file()), file)


def method_of(spec: Path) -> Iterator[Path]:
    """A method's spec file and its frozen copy, if it has one."""
    yield spec
    stem = spec.name.removesuffix(".json")
    copies = (spec.with_name(stem), spec.with_name(f"{stem}.py"))
    yield from (each for each in copies if each.exists())


def loops_of(queries: Iterable[Path]) -> Iterator[Path]:
    """Loop files, and the state that the latest of them saved."""
    files = list(queries)
    yield from files
    latest = max(files, key=lambda file: load_query(file).loop, default=None)
    if latest is not None and state_file(latest).is_file():
        yield state_file(latest)


def _on_the_way(link: Path) -> Iterator[Path]:
    """Each name that a link leads through, and the real file."""
    name, left = link, 40  # as many as the kernel follows
    while name.is_symlink() and left:
        name, left = Path(os.path.normpath(name.parent / name.readlink())), left - 1
        yield name
    yield link.resolve()
