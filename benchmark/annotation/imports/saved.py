"""What a person has saved and not imported: files with new labels, told as an import tells it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import prod
from pathlib import Path
from typing import Final

from benchmark.annotation.imports.files.names import look
from benchmark.annotation.imports.looked import is_same, read_looked, relative
from benchmark.annotation.project.model import Project
from benchmark.annotation.project.places import Places, round_name
from benchmark.annotation.rounds.model import Round, RoundPatch
from nnactive.oracle.drawn import folder_of, history

ROUNDING: Final = timedelta(seconds=2)
"""Between a file's date and the date in a record."""
MOST_VOXELS: Final = 500_000_000
"""Of the files that are read, about ten seconds; what was saved beyond counts as new."""


def saved_since(places: Places, project: Project, number: Round) -> tuple[str, ...]:
    """Ids of a round's patches with labels that were saved, and not imported yet.

    Files that nobody has touched since the round was written, or since they were last read, aren't
    opened.
    """
    new, left = set[str](), MOST_VOXELS
    for saved in _touched(places, number):
        left -= prod(saved.patches[0].crop.size)
        if left < 0:
            new |= {patch.id for patch in saved.patches}
        else:
            new |= _new_in(places, project, number, saved)
    return tuple(patch.id for patch in number.patches if patch.id in new)


@dataclass(frozen=True)
class _Saved:
    file: Path
    patches: list[RoundPatch]
    """Those that it may have labels of, at least one."""
    of_case: bool
    """Whether it is one of a whole image."""


def _touched(places: Places, number: Round) -> Iterator[_Saved]:
    """Label files that are newer than their round and that no import has read."""
    found, read = look(places.round(number.number), number), read_looked(places)
    after = (datetime.fromisoformat(number.written) + ROUNDING).timestamp()
    saved = [
        _Saved(file, [patch], of_case=False)
        for patch in number.patches
        for file in found.patches.get(patch.id, ())
    ]
    saved += [
        _Saved(file, [each for each in number.patches if each.patch.case == case], of_case=True)
        for case, files in found.cases.items()
        for file in files
    ]
    for each in saved:
        if not each.file.is_file() or (state := each.file.stat()).st_mtime <= after:
            continue
        had = read.get(relative(places, each.file))
        if had is None or not is_same(had, state):
            yield each


def _new_in(places: Places, project: Project, number: Round, saved: _Saved) -> set[str]:
    """Patches of which a file has new labels, or of which an import would refuse it."""
    from benchmark.annotation.imports.fit import Aim
    from benchmark.annotation.imports.gather import Gathered
    from benchmark.annotation.imports.known import Known

    found = Gathered(Known(places, project))
    found.read(saved.file, [Aim(number, each, of_case=saved.of_case) for each in saved.patches])
    refused = {line.patch for line in found.refused}
    return {
        patch.id
        for patch in saved.patches
        if {None, patch.id} & refused
        or any(
            each.labels not in _old(places, number, patch)
            for each in found.candidates.get((number.number, patch.id), ())
        )
    }


def _old(places: Places, number: Round, patch: RoundPatch) -> Sequence[str]:
    """Hashes of the labels that a patch was written with, and of those that count."""
    imports = history(folder_of(places.labels, round_name(number.number), patch.id))
    return [patch.template, *(each.labels for each in imports[-1:])]
