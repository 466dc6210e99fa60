"""Write a round's folder: whole or not at all, and never twice."""

import hashlib
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from benchmark.annotation.project.model import Project
from benchmark.annotation.project.places import Places, round_name
from benchmark.annotation.rounds import guide, itksnap, names
from benchmark.annotation.rounds.colours import IGNORED
from benchmark.annotation.rounds.index import table
from benchmark.annotation.rounds.layout import Planned, planned
from benchmark.annotation.rounds.model import Round, RoundPatch
from benchmark.annotation.rounds.page import render
from benchmark.annotation.rounds.templates.cases import Desk, picture_file, record_file, write_case
from benchmark.annotation.rounds.templates.drafts import Guess, Predicted
from nnactive.data.progress import Progress
from nnactive.data.unlabelled.source import Sources
from nnactive.errors import UserError
from nnactive.geometry import Patch
from nnactive.io.files import read_model, sweep, write_model, write_text
from nnactive.io.queries import record

STAGE = "write"
PARTS = ".parts"
"""In an unfinished folder: records and pictures of the patches that are done."""
SETTINGS = "settings.sha256"
"""In that: what they were written for."""


def write_round(
    places: Places,
    project: Project,
    sources: Sources,
    patches: Sequence[Patch],
    number: int,
    by: str,
    predicted: Predicted | None,
    progress: Progress,
) -> Round:
    """Write what a person opens, and remember it; a round that is there already is left alone.

    The folder is filled beside its place under a hidden name, patch by patch. Then come the round's
    file in ``work/`` and, in one step, the folder's name: a folder that a person sees is complete
    and known. Killed at any moment, the same call goes on where it was; `is_written` says whether
    it has to be made. No other process may write the same round.

    Args:
        places: the project's.
        project: its file.
        sources: of the prepared dataset.
        patches: in the order of their choice.
        number: of the round.
        by: who chose them: method id, ``prior`` or ``place``.
        predicted: predictions of the patches' cases; None: there is no ensemble yet.
        progress: called after each patch.

    Raises:
        UserError: the folder's place is taken, or an image is missing or has changed.
    """
    out, file = places.round(number), places.round_file(number)
    known = _known(file, patches)
    draft = places.root / f".{out.name}.draft"
    if out.exists():
        if known is None:
            raise UserError(f"{out}: in the way of the next round; move it elsewhere")
        return known
    if known is None or not draft.is_dir() or (draft / PARTS).exists():
        desk = Desk(draft, draft / PARTS, places.root / project.folder, project, by)
        plan = planned(sources, patches, project.context_mm if project.view == "crop" else None)
        _write_patches(desk, plan, sources, predicted, progress)
        known = Round(
            number=number,
            written=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            view=project.view,
            patches=tuple(
                read_model(record_file(desk.parts, each.id), RoundPatch) for each in plan
            ),
        )
        _write_lists(desk, known, sources)
        sweep(desk.folder)
        write_model(file, known)
        shutil.rmtree(desk.parts)
    draft.rename(out)
    return known


def is_written(places: Places, number: int) -> bool:
    """Whether a round's folder and its file are both in place."""
    return places.round(number).is_dir() and places.round_file(number).is_file()


def _known(file: Path, patches: Sequence[Patch]) -> Round | None:
    """The round as its file has it, which must be the one that is asked for."""
    if not file.is_file():
        return None
    known = read_model(file, Round)
    if {each.patch for each in known.patches} != set(record(list(patches))):
        raise UserError(
            f"{file}: written for other patches than were chosen; this project's work/ folder was "
            "changed, restore it"
        )
    return known


def _write_patches(
    desk: Desk,
    plan: Sequence[Planned],
    sources: Sources,
    predicted: Predicted | None,
    progress: Progress,
) -> None:
    """The files of all patches that aren't done yet, one image after the other."""
    _begin(desk)
    done = 0
    progress(STAGE, done, len(plan))
    for case, group in groupby(plan, key=lambda each: each.patch.case):
        every = list(group)
        left = [each for each in every if not _is_done(desk, each)]
        if left and desk.project.view == "image":
            left = every
        done += len(every) - len(left)
        if not left:
            progress(STAGE, done, len(plan))
            continue
        # The image and its prediction go before the next ones come.
        for written in write_case(desk, sources.cases[case], Guess(predicted, case), left):
            done += written
            progress(STAGE, done, len(plan))


def _begin(desk: Desk) -> None:
    """Keep what a call with the same settings has written, and nothing of any other."""
    settings = desk.project.model_dump_json() + desk.by
    key, file = hashlib.sha256(settings.encode()).hexdigest(), desk.parts / SETTINGS
    if file.is_file() and file.read_text() == key:
        return
    if desk.folder.exists():
        shutil.rmtree(desk.folder)
    write_text(file, key)


def _is_done(desk: Desk, each: Planned) -> bool:
    """Whether an earlier call has written a patch's files."""
    file = record_file(desk.parts, each.id)
    if not file.is_file():
        return False
    known = read_model(file, RoundPatch)
    (patch,) = record([each.patch])
    return (known.patch, known.box, known.why.rank) == (patch, each.box, each.rank)


def _write_lists(desk: Desk, known: Round, sources: Sources) -> None:
    """What describes the round as a whole."""
    project, folder = desk.project, desk.folder
    page = render(known, project, sources, lambda name: picture_file(desk.parts, name).read_bytes())
    write_text(folder / f"{round_name(known.number)}.html", page)
    write_text(folder / names.TABLE, table(known, sources))
    write_text(folder / names.ITKSNAP, itksnap.label_file(project.classes, IGNORED))
    write_text(folder / names.OPEN, guide.open_script(known, project, sources))
    write_text(folder / names.README, guide.readme(known, project, sources))
    write_model(folder / names.INDEX, known)
