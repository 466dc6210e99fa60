"""Find result files, each once, and name them without the machine's paths."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from benchmark.layout import RESULT
from nnactive.errors import UserError

Named = tuple[str, Path]
"""The file as messages name it, and where it is."""


def result_files(sources: Sequence[Path]) -> list[Named]:
    """Every result file once, with a label that does not depend on the machine."""
    files: dict[str, Named] = {}
    for name, source in _names(sources):
        if source.is_file():
            found = [(name or source.name, source)]
        elif source.is_dir():
            found = [
                (str(PurePosixPath(name, path.relative_to(source).as_posix())), path)
                for path in _walk(source)
            ]
        else:
            raise UserError(f"{source}: no such file or folder; give the folder of the runs")
        for label, path in found:
            real = os.path.realpath(path)
            files[real] = min(files.get(real, (label, path)), (label, path))
    return sorted(files.values())


def _names(sources: Sequence[Path]) -> list[Named]:
    """Each source with the prefix of its labels.

    The prefix is empty for a single source; of several, as much of the end of their paths as
    distinguishes them.
    """
    different = {source.resolve(): source for source in sources}
    if len(different) == 1:
        return [("", source) for source in different.values()]
    parts = [path.parts for path in different]
    length = 1
    while len({each[-length:] for each in parts}) < len(parts):
        length += 1
    names = ("/".join(each[-length:]) for each in parts)
    return list(zip(names, different.values(), strict=True))


def _walk(source: Path) -> Iterator[Path]:
    """Result files below a folder, even while a run is adding and removing files.

    Links to folders are followed, each folder once.
    """
    seen = set()
    for folder, names, files in os.walk(source, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            names.clear()
            continue
        seen.add(real)
        names[:] = sorted(name for name in names if not name.startswith("."))
        if RESULT in files:
            yield Path(folder, RESULT)
