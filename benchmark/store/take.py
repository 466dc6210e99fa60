"""Take baselines from a pack: checked first, never over what is there."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmark import layout
from benchmark.bundles.bounded import Model, read_bounded
from benchmark.layout import Experiment
from benchmark.results import ExperimentResult
from benchmark.store.fit import check_data, check_fit, check_names
from benchmark.store.manifest import (
    StoredPart,
    is_stored,
    start_outputs,
    start_train,
)
from benchmark.store.source import IncompleteError, Source
from benchmark.tracks import Track
from benchmark.workflow.request import Request
from nnactive.data.progress import FileReport, Report
from nnactive.errors import UserError
from nnactive.io.files import sha256
from nnactive.io.leases import living
from nnactive.io.models import NewerFileError
from nnactive.io.queries import START, Query
from nnactive.io.seals import contents, read_seal
from nnactive.settings import Setting

WORK: Final = ".import"
"""In the track's folder: what was fetched and isn't in place yet."""
OTHER: Final = "use another pack"
RESULTS: Final = "baselines"
"""In the folder of the runs: results without the loops behind them, for the leaderboard."""


@dataclass
class Taken:
    """What an import did."""

    taken: list[StoredPart] = field(default_factory=list)
    there: list[StoredPart] = field(default_factory=list)
    """Parts that were in place already."""


def take(
    source: Source,
    runs: Path,
    data: Path,
    load: Callable[[str], Track],
    *,
    dataset: str | None = None,
    regime: str | None = None,
    seeds: Sequence[int] = (),
    report: Report = lambda _: None,
) -> Taken:
    """Put start loops and results of a pack where a run expects them.

    A start loop is put in place when all of it has been fetched and checked: hashes, seals, and the
    training folder, which is made again from the queries and the user's own data and must be the
    one that the networks were trained on. An interrupted import goes on where it stopped.

    Args:
        source: the pack.
        runs: folder of the runs.
        data: folder of the prepared datasets.
        load: finds the track here by its name.
        dataset: only its settings.
        regime: only its settings.
        seeds: only these; none: all.
        report: told of transfers.

    Raises:
        UserError: the pack doesn't fit the protocol, the track, or the data, is damaged, or differs
            from what is there.
    """
    with _tidied(runs) as tidy:
        asked = FileReport(report, "manifest", 1, 1)
        manifest = source.manifest(runs / WORK, asked)
        track = load(manifest.track.name)
        check_fit(manifest, track)
        track = track.part(dataset, regime, seeds)
        request = Request(track=track, methods=(), data=data, runs=runs, cores=1)
        settings = {setting.name: setting for setting in track.settings}
        parts = [
            part for part in manifest.parts if part.setting in settings and part.seed in track.seeds
        ]
        if not parts:
            raise UserError(
                f"{source.text}: a pack of {manifest.track.name!r} with none of the requested "
                "settings and seeds; ask for others, or for all"
            )
        check_names(manifest, settings, parts)
        tidy(request)
        check_data(manifest, request)
        return _take_all(source, parts, request, report)


@contextmanager
def _tidied(runs: Path) -> Iterator[Callable[[Request], None]]:
    """Leave nothing of an import but what it has taken; yields what is told of the request.

    What was fetched before an interruption, or a missing or damaged file, is kept: the next import
    goes on from there.
    """
    kept: dict[Path, bool] = {runs: runs.exists()}
    work = [runs / WORK]

    def told(request: Request) -> None:
        root = request.root
        work.append(root / WORK)
        files = [layout.setting_file(setting.name) for setting in request.track.settings]
        for file in (root / layout.datasets_file(), *(root / name for name in files)):
            kept.update({each: each.exists() for each in (root, file.parent, file)})

    try:
        yield told
    except UserError as error:
        if not isinstance(error, IncompleteError):
            _remove(work, kept)
        raise
    for folder in work:
        shutil.rmtree(folder, ignore_errors=True)


def _remove(work: Sequence[Path], kept: Mapping[Path, bool]) -> None:
    """Remove work folders, and where nothing was taken, what the checks have written."""
    for folder in work:
        shutil.rmtree(folder, ignore_errors=True)
    new = [path for path, was_there in kept.items() if not was_there]
    files = {path for path in new if path.is_file()}
    root = next((path.parent for path in files if path.name == layout.datasets_file().name), None)
    if root is not None and files == {each for each in root.rglob("*") if each.is_file()}:
        for file in files:
            file.unlink()
    for folder in sorted((path for path in new if path.is_dir()), reverse=True):
        with suppress(OSError):  # it has what was taken
            folder.rmdir()


def _take_all(
    source: Source, parts: Sequence[StoredPart], request: Request, report: Report
) -> Taken:
    settings = {setting.name: setting for setting in request.track.settings}
    total = sum(len(part.files) for part in parts)
    found, before = Taken(), 0
    for part in parts:
        reports = iter(
            FileReport(report, name, before + number, total)
            for number, name in enumerate(part.files, 1)
        )
        one = _start if part.kind == "start" else _result
        new = one(source, part, settings[part.setting], request, reports)
        (found.taken if new else found.there).append(part)
        before += len(part.files)
    return found


def _start(
    source: Source,
    part: StoredPart,
    setting: Setting,
    request: Request,
    reports: Iterator[FileReport],
) -> bool:
    """Take a start loop; False: it was there."""
    root, work = request.root, request.root / WORK
    train = start_train(setting, part.seed)
    outputs = start_outputs(setting, part.seed)
    missing = [name for name in part.files if not _is_there(root, name, part)]
    if not missing and (root / train).is_dir():
        return False
    for output in (*outputs, train):
        if living(root / layout.lease_file(output)):
            raise UserError(
                f"{root / output}: a run is making it now; import again when that has finished"
            )
    for name, known in part.files.items():
        source.get(name, known, work / name, next(reports))
    _check_chain(work, outputs, train, part)
    draft = None if (root / train).is_dir() else _annotate(setting, part, request)
    # What says how an output was made comes before it: a run that finds it can check it.
    for name in sorted(missing, key=lambda each: (each in map(str, outputs), each)):
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if draft is not None and name in map(str, outputs):
            draft.rename(root / train)
            draft = None
        (work / name).replace(target)
    if draft is not None:
        draft.rename(root / train)
    return True


def _is_there(root: Path, name: str, part: StoredPart) -> bool:
    """Whether a file is in place already.

    Raises:
        UserError: another one is.
    """
    path = root / name
    if not path.exists():
        return False
    if not is_stored(path, part.files[name]):
        raise UserError(
            f"{path}: already exists and differs from the pack's; nothing is overwritten, so "
            "use another --runs folder, or leave this setting and seed out"
        )
    return True


def _check_chain(work: Path, outputs: Sequence[Path], train: Path, part: StoredPart) -> None:
    """Check that files are what their seals say, and that each was made from the one before.

    Raises:
        UserError: names the file.
    """
    digests: dict[str, str] = {}
    for output in (*outputs, train):
        made = read_seal(work / output)
        if made is None or not made.files or made.name != str(output):
            raise UserError(f"{part}: {output.name} has no seal of its own; the pack is damaged")
        if output != train and contents(work / output) != made.files:
            raise UserError(f"{part}: {output.name} is not what its seal says; {OTHER}")
        digests[str(output)] = made.digest
    for output in (*outputs, train):
        made = read_seal(work / output)
        for name, read in (made.inputs if made else {}).items():
            if name in digests and digests[name] != read:
                raise UserError(
                    f"{part}: {output.name} was made from another {Path(name).name}; {OTHER}"
                )


def _annotate(setting: Setting, part: StoredPart, request: Request) -> Path:
    """A draft of the training folder of a start loop, made from the user's own data.

    It lies beside its final place, since its links are relative.

    Raises:
        UserError: it differs from the one that the networks were trained on.
    """
    from nnactive.steps.annotate import annotate

    work = request.root / WORK
    train = start_train(setting, part.seed)
    query = start_outputs(setting, part.seed)[0]
    chosen = _read(work / query, Query, part)
    asked = (setting.name, setting.dataset, START, part.seed, 0)
    if (chosen.setting, chosen.dataset, chosen.method, chosen.seed, chosen.loop) != asked:
        raise UserError(f"{part}: {query.name} has the patches of something else; {OTHER}")
    draft = request.root / train.with_name(f".{train.name}.imported")
    shutil.rmtree(draft, ignore_errors=True)
    made = read_seal(work / train)
    try:
        annotate(request.dataset(setting.dataset), setting, part.seed, [work / query], None, draft)
        if made is None or contents(draft) != made.files:
            raise UserError(
                f"{part}: the labels made here differ from those that the networks were trained "
                "on; use the locked packages (make venv), or let the run train this start loop"
            )
    except UserError:
        for folder in (draft, draft.with_name(f"{draft.name}.work")):
            shutil.rmtree(folder, ignore_errors=True)
        for folder in draft.relative_to(request.root).parents:
            with suppress(OSError):  # it has other files
                (request.root / folder).rmdir()
        raise
    return draft


def _result(
    source: Source,
    part: StoredPart,
    setting: Setting,
    request: Request,
    reports: Iterator[FileReport],
) -> bool:
    """Take a result; False: it was there."""
    root = request.runs / RESULTS / request.track.name
    missing = [name for name in part.files if not _is_there(root, name, part)]
    if not missing:
        return False
    work = request.root / WORK
    for name, known in part.files.items():
        source.get(name, known, work / name, next(reports))
    output = layout.result_file(Experiment(part.setting, part.method, part.seed))
    found, made = _read(work / output, ExperimentResult, part), read_seal(work / output)
    said = (found.track, found.setting, found.seed, found.method.id, found.dataset.checksum)
    track, checksum = request.track.name, _checksum(request, setting)
    if said != (track, setting, part.seed, part.method, checksum):
        raise UserError(f"{part}: the result is of another experiment; {OTHER}")
    if found.status != "complete" or found.method.origin != "builtin":
        raise UserError(
            f"{part}: not a complete result of a built-in method, so no baseline; {OTHER}"
        )
    if made is None or made.digest != sha256(work / output):
        raise UserError(f"{part}: the result is not what its seal says; {OTHER}")
    for name in missing:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).replace(root / name)
    return True


def _read(path: Path, kind: type[Model], part: StoredPart) -> Model:
    try:
        return read_bounded(path, kind)
    except NewerFileError as error:
        raise NewerFileError(f"{part}: {path.name}: {error}") from None
    except UserError as error:
        raise UserError(f"{part}: {path.name}: {error}; {OTHER}") from None


def _checksum(request: Request, setting: Setting) -> str:
    from nnactive.data.prepared import PreparedDataset

    return PreparedDataset(request.dataset(setting.dataset)).info.checksum
