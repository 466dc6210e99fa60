"""Preparing a dataset from a raw folder (protocol section 2), case by case; can be resumed."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nnactive.data.cards import Card
from nnactive.data.download.folders import Folders
from nnactive.data.prepare.check_raw import check_raw
from nnactive.data.prepare.estimate import Estimate, estimate
from nnactive.data.prepare.job import CONVERTED, RAW, Job, alone, storage_errors
from nnactive.data.prepare.memo import FOLDER, Memo
from nnactive.data.prepare.resume import (
    NOTE,
    Note,
    read_note,
    refuse_changed,
    same,
    update_note,
    update_target,
)
from nnactive.data.prepare.split import split_cases
from nnactive.data.prepare.stages import (
    convert_all,
    find_target,
    make_plans,
    resample_all,
    store_all,
)
from nnactive.data.prepared import INFO, SCRATCH, PreparedDataset, PreparedInfo, seal_dataset
from nnactive.data.progress import Progress
from nnactive.data.raw.convert import converted_files
from nnactive.data.raw.raw_checksums import (
    have_stayed,
    inner_names,
    list_files,
    listing_hash,
    read_files,
)
from nnactive.data.raw.scan import recognised, scan
from nnactive.data.raw.script import load_script
from nnactive.errors import UserError
from nnactive.io.files import atomic_folder, read_model, sweep, write_model
from nnactive.io.formatting import command
from nnactive.streams import stream


def prepare(
    card: Card, raw: Path | None, out: Path, workers: int | None, progress: Progress
) -> PreparedInfo:
    """Prepare a dataset from a raw folder; returns at once if that is already done.

    Resumes a preparation that was interrupted: finished cases are not repeated.

    Args:
        card: the dataset's card.
        raw: the unpacked archive; None for a dataset that is generated, or whose data were
            downloaded into the folder around ``out``.
        out: the prepared dataset's folder, ``<data>/<name>``.
        workers: number of threads, each with one case in memory; None: as many as cores and free
            memory allow.
        progress: receives every finished case.

    Raises:
        UserError: there is no raw folder, a file in it is wrong, ``out`` was made from something
            else, or the disk is full or too small.
    """
    finished = _finished(card, raw, out, progress)
    if finished is not None:
        return finished
    with storage_errors(out):
        _check_room(card, raw, out)
        with alone(out), _unpack_again_hint(card, out):
            finished = _finished(card, raw, out, progress)
            if finished is not None:
                return finished
            return _prepare(card, raw, out, workers, progress)


def estimate_needs(card: Card, raw: Path | None, out: Path) -> Estimate | None:
    """Estimate the disk space and memory that ``prepare`` will need.

    None if nothing is left to do, or the dataset is generated.

    Raises:
        UserError: the raw folder is missing or incomplete.
    """
    if (out / INFO).is_file() or card.generator is not None:
        return None
    with _unpack_again_hint(card, out):
        return estimate(card, scan(_given_folder(card, raw, out), card), out)


def _prepare(
    card: Card, raw: Path | None, out: Path, workers: int | None, progress: Progress
) -> PreparedInfo:
    sweep(out)
    before = read_note(out, card.preparation_hash())
    folder = _generated(card, out) or _given_folder(card, raw, out)
    cases = scan(folder, card)
    read = Memo(out / SCRATCH / FOLDER / "compare", lambda _: "")
    known = dict(before.raw) | {case.id: read.get(case.id) for case in cases if read.has(case.id)}
    files = read_files(cases, known, progress, read.add)
    note = update_note(out, before, files, lambda case: _converted(case, card, out))
    if workers is None:
        workers = estimate(card, cases, out).workers
    pool, test = split_cases([case.id for case in cases], card)
    job = Job(
        key=card.preparation_hash(),
        out=out,
        workers=workers,
        progress=progress,
        raw=note.raw,
        card=card,
        cases=tuple(cases),
        pool=tuple(pool),
        test=tuple(test),
    )
    note, warnings, notes = check_raw(job, note)
    job = convert_all(job)
    target = find_target(job)
    note = update_target(out, note, target)
    resample_all(job, target)
    plans = make_plans(job, target[0])
    info = store_all(job, target, plans, listing_hash(list_files(cases)))
    info = info.model_copy(update={"warnings": warnings, "notes": notes})
    if not have_stayed(cases, note.raw):
        raise UserError(f"{folder}: changed while being read; run the same command again")
    if card.generator is None:
        write_model(out / NOTE, note)
    info = info.model_copy(update={"layout": recognised(folder, card) or ""})
    seal_dataset(out, info)
    write_model(out / INFO, info)
    shutil.rmtree(job.scratch)
    return info


def _converted(case: str, card: Card, out: Path) -> Path:
    return converted_files(case, card, out / SCRATCH / CONVERTED).label


def _check_room(card: Card, raw: Path | None, out: Path) -> None:
    needs = estimate_needs(card, raw, out)
    if needs is not None:
        needs.check(out)


def _finished(card: Card, raw: Path | None, out: Path, progress: Progress) -> PreparedInfo | None:
    if not (out / INFO).is_file():
        return None
    info = PreparedDataset(out).info
    same(out, "card", info.source, card.preparation_hash())
    if raw is not None and card.generator is None:
        cases = scan(raw, card)
        if (out / NOTE).is_file():  # absent in datasets prepared by older versions
            known = read_model(out / NOTE, Note).raw
            now = read_files(cases, known, progress)
            refuse_changed(out, known, now, inner_names(cases))
        same(out, "raw folder", info.raw_listing, listing_hash(list_files(cases)))
    shutil.rmtree(out / SCRATCH, ignore_errors=True)
    sweep(out)
    return info


def _generated(card: Card, out: Path) -> Path | None:
    """Raw folder of a dataset with a ``generate.py``; None for any other."""
    if card.generator is None:
        return None
    folder = out / SCRATCH / RAW
    if not folder.is_dir():
        script = load_script(card.generator, "generate")
        with atomic_folder(folder) as draft:
            script.generate(draft, stream)
    return folder


@contextmanager
def _unpack_again_hint(card: Card, out: Path) -> Iterator[None]:
    """If a downloaded file is refused, add how to unpack it again from its archive."""
    folder = Folders.of(out.parent, card.name).files
    try:
        yield
    except UserError as error:
        if str(folder) not in str(error):
            raise
        again = command(f"data download {card.name}", out.parent)
        raise UserError(f"{error} (to unpack it again: remove {folder} and run {again})") from None


def _given_folder(card: Card, raw: Path | None, out: Path) -> Path:
    """Folder with the raw data: the given one, else the downloaded one."""
    if raw is not None:
        if not raw.is_dir():
            raise UserError(f"{raw}: no such folder; give the unpacked data as --raw")
        return raw
    downloaded = Folders.of(out.parent, card.name).files
    if downloaded.is_dir():
        return downloaded
    if card.download is not None:
        way_out = command(f"data download {card.name}", out.parent)
        raise UserError(
            f"{card.name}: no raw data; run {way_out}, or give the unpacked folder as --raw"
        )
    source = f" (from {card.url})" if card.url else ""
    raise UserError(f"{card.name}: no raw data; give the unpacked folder as --raw{source}")
