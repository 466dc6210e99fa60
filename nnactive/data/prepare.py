"""From a raw folder to a prepared dataset (protocol section 2), one case at a time, resumable."""

import shutil
from pathlib import Path

from nnactive.data.cards import Card
from nnactive.data.convert import converted_files
from nnactive.data.download.folders import Folders
from nnactive.data.estimate import Estimate, estimate
from nnactive.data.job import CONVERTED, SCRATCH, Job, Progress, alone, storage_errors_told
from nnactive.data.prepared import (
    IMAGES,
    INFO,
    POOL_LABELS,
    TEST_LABELS,
    PreparedDataset,
    PreparedInfo,
    volume_file,
)
from nnactive.data.raw import list_files, listing_hash, scan
from nnactive.data.script import load_script
from nnactive.data.split import split_cases
from nnactive.data.stages import convert_all, make_plans, resample_all, store_all
from nnactive.errors import UserError
from nnactive.files import atomic_folder, read_json, write_json, write_model
from nnactive.streams import stream
from nnactive.words import command

NOTE = "source.json"
"""Of what an unfinished folder is being made."""
RAW = "raw"


def prepare(
    card: Card, raw: Path | None, out: Path, workers: int | None, progress: Progress
) -> PreparedInfo:
    """Make the prepared dataset ``out`` of a raw folder, or return at once where it is complete.

    A run that was cut off goes on where it was: finished cases are not repeated.

    Args:
        card: the dataset's card.
        raw: the unpacked archive; None for a dataset that generates itself, or for the data that
            were downloaded into the folder around ``out``.
        out: the prepared dataset's folder, ``<data>/<name>``.
        workers: threads, each with one case in memory; None: as many as cores and free memory
            allow.
        progress: told of every finished case.

    Raises:
        UserError: no raw folder, a wrong file in it, an ``out`` that was made of something else,
            or a disk that is full or too small.
    """
    finished = _finished(card, raw, out)
    if finished is not None:
        return finished
    with storage_errors_told(out):
        _check_room(card, raw, out)
        with alone(out):
            finished = _finished(card, raw, out)
            if finished is not None:
                return finished
            return _prepare(card, raw, out, workers, progress)


def estimate_needs(card: Card, raw: Path | None, out: Path) -> Estimate | None:
    """What ``prepare`` will need of disk and memory, from the raw files' headers.

    None where nothing is left to do, or the dataset generates itself.

    Raises:
        UserError: as ``prepare`` for a raw folder that is missing or incomplete.
    """
    if (out / INFO).is_file() or card.generator is not None:
        return None
    return estimate(card, scan(_given_folder(card, raw, out), card), out)


def _prepare(
    card: Card, raw: Path | None, out: Path, workers: int | None, progress: Progress
) -> PreparedInfo:
    _check_note(card, out)
    folder = _generated(card, out) or _given_folder(card, raw, out)
    cases = scan(folder, card)
    files = list_files(cases)
    _update_note(card, out, files)
    if workers is None:
        workers = estimate(card, cases, out).workers
    pool, test = split_cases([case.id for case in cases], card)
    job = Job(card, out, workers, progress, tuple(cases), tuple(pool), tuple(test))
    job = convert_all(job)
    spacing = resample_all(job)
    info = store_all(job, spacing, make_plans(job, spacing), listing_hash(files))
    write_model(out / INFO, info)
    shutil.rmtree(job.scratch)
    return info


def _check_room(card: Card, raw: Path | None, out: Path) -> None:
    needs = estimate_needs(card, raw, out)
    if needs is not None:
        needs.check(out)


def _finished(card: Card, raw: Path | None, out: Path) -> PreparedInfo | None:
    if not (out / INFO).is_file():
        return None
    info = PreparedDataset(out).info
    _same(out, "card", info.source, card.preparation_hash())
    if raw is not None and card.generator is None:
        _same(out, "raw folder", info.raw_listing, listing_hash(list_files(scan(raw, card))))
    shutil.rmtree(out / SCRATCH, ignore_errors=True)
    return info


def _same(out: Path, what: str, before: str, now: str) -> None:
    if before != now:
        raise UserError(f"{out}: made from another {what}; remove that folder and prepare again")


def _check_note(card: Card, out: Path) -> None:
    """Go on only with volumes that were made from this card; others have no note and go."""
    note = out / SCRATCH / NOTE
    if note.is_file():
        _same(out, "card", read_json(note)["card"], card.preparation_hash())
        return
    scratch = (f"{SCRATCH}/{part}" for part in (IMAGES, CONVERTED, RAW))
    for part in (IMAGES, POOL_LABELS, TEST_LABELS, *scratch):
        shutil.rmtree(out / part, ignore_errors=True)


def _update_note(card: Card, out: Path, files: dict[str, str]) -> None:
    """Drop what was made of raw files that have changed since, as a mended one has."""
    note = out / SCRATCH / NOTE
    before = read_json(note)["raw"] if note.is_file() else files
    if before.keys() != files.keys():
        # Other cases make another split: what is on one side may belong to the other.
        for part in (IMAGES, POOL_LABELS, TEST_LABELS, f"{SCRATCH}/{IMAGES}"):
            shutil.rmtree(out / part, ignore_errors=True)
    changed = [case for case in before if files.get(case) != before[case]]
    for case in changed:
        volume_file(out / SCRATCH, IMAGES, case).unlink(missing_ok=True)
        converted_files(case, card, out / SCRATCH / CONVERTED).label.unlink(missing_ok=True)
    if changed:
        # The plans, and with them every normalised image, depend on the whole pool.
        shutil.rmtree(out / IMAGES, ignore_errors=True)
    write_json(note, {"card": card.preparation_hash(), "raw": files})


def _generated(card: Card, out: Path) -> Path | None:
    """The raw folder of a dataset that brings a ``generate.py``; None for any other."""
    if card.generator is None:
        return None
    folder = out / SCRATCH / RAW
    if not folder.is_dir():
        script = load_script(card.generator, "generate")
        with atomic_folder(folder) as draft:
            script.generate(draft, stream)
    return folder


def _given_folder(card: Card, raw: Path | None, out: Path) -> Path:
    """The folder with the raw data: the one that is given, else the downloaded one."""
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
            f"{card.name}: needs its data; run {way_out}, or give the unpacked folder as --raw"
        )
    source = f" ({card.url})" if card.url else ""
    raise UserError(f"{card.name}: needs its data{source}; give the unpacked folder as --raw")
