"""From a raw folder to a prepared dataset (protocol section 2), one case at a time, resumable."""

import importlib.util
import shutil
from pathlib import Path

from nnactive.data.cards import Card
from nnactive.data.job import SCRATCH, Job, Progress, alone, storage_errors_told
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
from nnactive.data.split import split_cases
from nnactive.data.stages import make_plans, resample_all, store_all
from nnactive.errors import UserError
from nnactive.files import atomic_folder, read_json, write_json, write_model
from nnactive.streams import stream

NOTE = "source.json"
"""Of what an unfinished folder is being made."""
RAW = "raw"


def prepare(
    card: Card, raw: Path | None, out: Path, workers: int, progress: Progress
) -> PreparedInfo:
    """Make the prepared dataset ``out`` of a raw folder, or return at once where it is complete.

    A run that was cut off goes on where it was: finished cases are not repeated.

    Args:
        card: the dataset's card.
        raw: folder with ``imagesTr`` and ``labelsTr``; None for a dataset that generates itself.
        out: the prepared dataset's folder, ``<data>/<name>``.
        workers: threads, each with one case in memory.
        progress: told of every finished case.

    Raises:
        UserError: no raw folder, a wrong file in it, an ``out`` that was made of something else,
            or a full disk.
    """
    finished = _finished(card, raw, out)
    if finished is not None:
        return finished
    with storage_errors_told(out), alone(out):
        finished = _finished(card, raw, out)
        if finished is not None:
            return finished
        _check_note(card, out)
        folder = _raw_folder(card, raw, out)
        cases = scan(folder, card)
        files = list_files(folder, cases)
        _update_note(card, out, files)
        pool, test = split_cases([case.id for case in cases], card.split)
        job = Job(card, out, workers, progress, tuple(cases), tuple(pool), tuple(test))
        spacing = resample_all(job)
        info = store_all(job, spacing, make_plans(job, spacing), listing_hash(files))
        write_model(out / INFO, info)
        shutil.rmtree(job.scratch)
    return info


def _finished(card: Card, raw: Path | None, out: Path) -> PreparedInfo | None:
    if not (out / INFO).is_file():
        return None
    info = PreparedDataset(out).info
    _same(out, "card", info.source, card.preparation_hash())
    if raw is not None and card.generator is None:
        _same(out, "raw folder", info.raw_listing, listing_hash(list_files(raw, scan(raw, card))))
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
    for part in (IMAGES, POOL_LABELS, TEST_LABELS, f"{SCRATCH}/{IMAGES}", f"{SCRATCH}/{RAW}"):
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
    if changed:
        # The plans, and with them every normalised image, depend on the whole pool.
        shutil.rmtree(out / IMAGES, ignore_errors=True)
    write_json(note, {"card": card.preparation_hash(), "raw": files})


def _raw_folder(card: Card, raw: Path | None, out: Path) -> Path:
    """The folder with the raw data, generated where the card brings a ``generate.py``."""
    if card.generator is not None:
        folder = out / SCRATCH / RAW
        if not folder.is_dir():
            with atomic_folder(folder) as draft:
                _generate(card.name, card.generator, draft)
        return folder
    if raw is None:
        source = f" ({card.url})" if card.url else ""
        raise UserError(f"{card.name}: needs its data{source}; give the unpacked folder as --raw")
    return raw


def _generate(name: str, script: Path, folder: Path) -> None:
    """Run the ``generate(folder, stream)`` of a dataset's script."""
    spec = importlib.util.spec_from_file_location(f"nnactive_dataset_{name}", script)
    if spec is None or spec.loader is None:
        raise UserError(f"{script}: cannot be loaded as Python")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.generate(folder, stream)
