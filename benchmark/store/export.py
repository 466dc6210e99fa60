"""Pack the start loops and results of a track's baselines."""

import shutil
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path

from benchmark import layout
from benchmark.chain.breaks import find_breaks
from benchmark.chain.check import check_intact
from benchmark.chain.images import Checksums
from benchmark.jobs import experiment_jobs
from benchmark.layout import Experiment
from benchmark.results import load_result
from benchmark.store.manifest import (
    MANIFEST,
    StoredFile,
    StoredPart,
    StoreManifest,
    is_stored,
    result_files,
    start_files,
    start_outputs,
    start_train,
)
from benchmark.store.merge import merged
from benchmark.tracks import Track
from nnactive.data.progress import Progress, tracked
from nnactive.errors import UserError
from nnactive.io.costs import read_cost
from nnactive.io.files import atomic_path, read_model, sha256, write_model
from nnactive.io.queries import START
from nnactive.settings import Setting

AGAIN = "run the track again to restore it, then export"


def export(
    runs: Path,
    track: Track,
    out: Path,
    *,
    note: Callable[[str], None] = lambda _: None,
    progress: Progress = lambda *_: None,
) -> StoreManifest:
    """Write a pack of what is finished of a track, or add it to the pack that is there.

    What is there already is not copied again.

    Args:
        runs: folder of the runs.
        track: whose baselines; a part of it, if others are not to be packed.
        out: folder of the pack.
        note: told of each start loop that is missing.
        progress: told how many of the files are packed.

    Raises:
        UserError: nothing is finished, a file is not what its step wrote, or the pack that is there
            doesn't go with it.
    """
    root = runs / track.name
    parts = [*_starts(root, track, note), *_results(root, track)]
    if not parts:
        raise UserError(f"{root}: no start loop or result to pack; run the track first")
    known = read_model(root / layout.datasets_file(), Checksums).checksums
    manifest = StoreManifest(
        track=track,
        nnunet=version("nnunetv2"),
        checksums={name: known[name] for name in track.datasets if name in known},
        parts=tuple(parts),
    )
    # Before anything is copied: a conflict leaves the pack as it was.
    whole = merged(out, manifest)
    files = [(name, file) for part in parts for name, file in part.files.items()]
    for name, file in tracked(progress, "pack", files, len(files)):
        if not is_stored(out / name, file):
            with atomic_path(out / name) as draft:
                shutil.copyfile(root / name, draft)
    # Last: whoever finds it finds all that it lists.
    write_model(out / MANIFEST, whole)
    return whole


def _starts(root: Path, track: Track, note: Callable[[str], None]) -> Iterator[StoredPart]:
    for setting in track.settings:
        for seed in track.seeds:
            outputs = start_outputs(setting, seed)
            missing = _missing(root, setting, seed)
            if missing:
                note(f"{setting.name}, start loop, seed {seed}: {missing}; left out")
                continue
            check_intact([root / output for output in outputs], AGAIN)
            yield StoredPart(
                kind="start",
                setting=setting.name,
                seed=seed,
                seconds=sum(read_cost(root / output).seconds for output in outputs[1:]),
                files=_files(root, start_files(setting, seed)),
            )


def _missing(root: Path, setting: Setting, seed: int) -> str:
    """Why a start loop isn't whole; empty: it is."""
    outputs = {*start_outputs(setting, seed), start_train(setting, seed)}
    for output in sorted(outputs):
        if not (root / output).exists():
            return f"{output.name} is missing"
    jobs = experiment_jobs(Path("none"), setting, Experiment(setting.name, START, seed))
    broken = find_breaks(root, [job for job in jobs if job.output in outputs])
    return f"{broken[0].origin} {broken[0].why}" if broken else ""


def _results(root: Path, track: Track) -> Iterator[StoredPart]:
    """Complete results of built-in methods, by setting, method and seed."""
    settings = {setting.name for setting in track.settings}
    for path in layout.result_files(root):
        name = path.relative_to(root)
        experiment = layout.experiment_of(name)
        if experiment is None or experiment.setting not in settings:
            continue
        if experiment.seed not in track.seeds:
            continue
        found = load_result(path)
        if found.status != "complete" or found.method.origin != "builtin":
            continue
        check_intact([path], AGAIN)
        costs = [cost for loop in found.loops[1:] for cost in loop.costs.values()]
        yield StoredPart(
            kind="result",
            setting=experiment.setting,
            seed=experiment.seed,
            method=experiment.method,
            seconds=sum(cost.seconds for cost in costs),
            files=_files(root, result_files(experiment)),
        )


def _files(root: Path, names: Iterable[Path]) -> dict[str, StoredFile]:
    found = {}
    for name in names:
        path = root / name
        if not path.is_file():
            raise UserError(f"{path}: missing, so the pack couldn't be checked; {AGAIN}")
        found[name.as_posix()] = StoredFile(size=path.stat().st_size, sha256=sha256(path))
    return found
