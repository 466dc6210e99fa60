"""`annotate import`: what a person saved, checked and kept."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmark.annotation.alone import IMPORT, alone
from benchmark.annotation.imports.gather import gather
from benchmark.annotation.imports.importing import Importing
from benchmark.annotation.imports.known import Known
from benchmark.annotation.imports.looked import write_looked
from benchmark.annotation.imports.odd.tones import FILE as TONES
from benchmark.annotation.imports.odd.tones import read_tones, write_tones
from benchmark.annotation.imports.report import Report
from benchmark.annotation.imports.wishes import wishes_of
from benchmark.annotation.project.model import Project
from benchmark.annotation.project.places import WORK, Places, command
from benchmark.annotation.settled import settled
from nnactive.data.progress import Progress
from nnactive.errors import UserError


def import_labels(
    places: Places,
    project: Project,
    files: Sequence[Path] = (),
    empty: Iterable[str] = (),
    accept: Iterable[str] = (),
    images: Mapping[str, Path] | None = None,
    now: datetime | None = None,
    progress: Progress = lambda *_: None,
) -> Report:
    """Take over what was labelled since the last import; what is wrong is refused by itself.

    Nothing of the person's is changed. Killed at any moment, the next import completes it.

    Args:
        places: of the project.
        project: what was chosen.
        files: read only these; by default all label files in all rounds' folders.
        empty: patches that hold no class, as comma lists: ``p07,p09``, ``round_01/p02``, ``all``.
        accept: patches whose draft is right, the same.
        images: label files of whole images by case id, read besides ``files``.
        now: the time, for tests.
        progress: called after each file that is looked at.

    Raises:
        UserError: the project was changed, no round has been written, an option names no patch, or
            another import is at work.
    """
    settled(places, project)  # other classes, and what is drawn would mean something else
    known = Known(places, project)
    if not known.rounds:
        raise UserError(f"{places.root}: no round to import; run: {command('next', places.root)}")
    exact, general = wishes_of(known, empty, accept)
    with alone(places, IMPORT):
        tones = places.root / WORK / TONES
        found = gather(known, files, images or {}, list(exact), progress)
        importing = Importing(
            known,
            exact,
            general,
            now or datetime.now(UTC),
            found,
            partial=bool(files or images),
            tones=read_tones(tones),
        )
        for number in known.rounds:
            for patch in number.patches:
                importing.patch(number, patch)
        found.explain_strays()
        write_tones(tones, importing.tones)
        write_looked(places, found.looked)
        return importing.report()
