"""Write a bundle from a track's folder: what a method's experiments there say, and its code."""

import shutil
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import yaml
from pydantic import ValidationError

from benchmark import layout
from benchmark.bundles import places
from benchmark.bundles.limits import LARGEST_FILE, largest
from benchmark.bundles.read import ZIP, open_bundle
from benchmark.bundles.record import BundledFile, BundleRecord
from benchmark.bundles.zips import files_below, write_zip
from benchmark.layout import Experiment
from benchmark.provenance import code_commit, code_hash
from benchmark.results import ExperimentResult, load_result
from benchmark.submission.files.frozen import FILES, FrozenCopy, read_copy
from benchmark.submission.files.frozen import RECORD as COPY
from benchmark.submission.requirements import MANIFEST, Manifest
from benchmark.submission.spec import MethodSpec
from benchmark.tracks import Track, experiments
from nnactive.errors import UserError
from nnactive.io.files import (
    atomic_folder,
    first_problem,
    read_model,
    sha256,
    write_model,
    write_text,
)
from nnactive.io.formatting import size

OURS: Final = {"authors": "the benchmark's authors", "licence": "Apache-2.0"}
"""What is known of a built-in method."""


def write_bundle(
    root: Path,
    track: Track,
    method: str,
    out: Path,
    manifest: Manifest | None = None,
    *,
    command: str = "",
    made: datetime | None = None,
) -> BundleRecord:
    """Write a bundle, whole or not at all; an earlier one at the same place is replaced.

    If its files are the same, it stays, with its signature and attestations.

    Args:
        root: the track's folder below RUNS.
        track: with all settings and seeds that the bundle must have.
        method: method id.
        out: folder to write, or a ``.zip`` by its name.
        manifest: the author's ``submission.yaml``.
        command: the command line, for the record.
        made: time for the record; by default now.

    Raises:
        UserError: an experiment has neither a result nor a failure; the manifest lacks something;
            a file of the method is too large; something else is at ``out``.
    """
    check_chosen(track)
    spec = _spec(root, method)
    copy = _copy(root, spec)
    manifest = completed(manifest or Manifest(), spec, method)
    results = finished(root, track, method)
    _check_place(out)
    with tempfile.TemporaryDirectory(prefix="nnactive-bundle-") as temporary:
        draft = Path(temporary, "bundle")
        draft.mkdir()
        write_text(draft / places.MANIFEST, manifest_text(manifest))
        write_model(draft / places.TRACK, track)
        write_model(draft / places.SPEC, spec)
        if copy:
            _write_code(copy, draft / places.CODE, manifest)
        for experiment, result in results.items():
            _write_experiment(root, experiment, result, draft)
        record = BundleRecord(
            protocol_version=track.protocol_version,
            track=track.name,
            comparable=track.comparable,
            method=spec.record,
            made=f"{made or datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            command=command,
            code=code_hash(),
            commit=code_commit(),
            files=_listed(draft),
        )
        write_model(draft / places.RECORD, record)
        open_bundle(draft)
        return _earlier(out, record) or _place(draft, out, record)


def _earlier(out: Path, record: BundleRecord) -> BundleRecord | None:
    """The record of the bundle that is there, if its files are the same; else None."""
    try:
        there = open_bundle(out)
        same = there.record.digest == record.digest and all(
            sha256(there.folder / name) == known.sha256 for name, known in record.files.items()
        )
    except (UserError, OSError):
        return None
    return there.record if same else None


def _place(draft: Path, out: Path, record: BundleRecord) -> BundleRecord:
    if out.suffix.lower() == ZIP:
        write_zip(draft, out)
    else:
        with atomic_folder(out) as folder:
            shutil.copytree(draft, folder, dirs_exist_ok=True, copy_function=shutil.copyfile)
    return record


def completed(manifest: Manifest, spec: MethodSpec, shown: object) -> Manifest:
    """A manifest with what the method itself says, which has all that a bundle needs.

    Args:
        manifest: the author's.
        spec: of the method.
        shown: names the submission in messages.

    Raises:
        UserError: names the lines to add.
    """
    record = spec.record
    usual: dict[str, str] = {
        "name": record.name,
        "description": record.description,
        "reference": record.reference,
    }
    if record.origin == "builtin":
        usual |= OURS
    try:
        full = manifest.completed(usual)
    except ValidationError as error:
        raise UserError(f"{shown}: {first_problem(error)}; say it in {MANIFEST}") from None
    if full.lacks:
        lines = "; ".join(full.lacks)
        raise UserError(f"{shown}: a bundle needs more in {MANIFEST}; add there: {lines}")
    return full.model_copy(update={"requirements": record.requirements})


def check_chosen(track: Track) -> None:
    """Refuse a track that trains on another one's queries: it shows no method's choice.

    Raises:
        UserError: names the track to bundle.
    """
    if track.taken_from:
        raise UserError(
            f"track {track.name}: trains on the queries of track {track.taken_from}, so its "
            f"results can't be submitted; bundle the method's results on {track.taken_from}"
        )


def finished(root: Path, track: Track, method: str) -> dict[Experiment, ExperimentResult]:
    """The results of a method on a track, complete or failed.

    Raises:
        UserError: names an experiment that has none, and the command that makes it.
    """
    wanted = list(experiments(track, [method]))
    missing = [each for each in wanted if not (root / layout.result_file(each)).is_file()]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise UserError(
            f"{root}: no result of {missing[0]}{more}; finish the track first: "
            f"nnactive-bench submit METHOD --track {track.name}"
        )
    return {each: load_result(root / layout.result_file(each)) for each in wanted}


def manifest_text(manifest: Manifest) -> str:
    """A manifest as YAML, without what it doesn't say; the same one gives the same text."""
    content = manifest.model_dump(mode="json", exclude_defaults=True)
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)


def _spec(root: Path, method: str) -> MethodSpec:
    file = root / layout.spec_file(method)
    if not file.is_file():
        raise UserError(
            f"{root}: no method '{method}'; submit it first (nnactive-bench runs list: what ran)"
        )
    return read_model(file, MethodSpec)


def _copy(root: Path, spec: MethodSpec) -> FrozenCopy | None:
    """The frozen copy of a submission; None for a built-in method.

    Raises:
        UserError: if it is missing or isn't what ran.
    """
    record = spec.record
    if record.origin == "builtin":
        return None
    # Of a pair, the start method is what was submitted.
    folder = root / layout.frozen_folder(spec.pair[0].record.id if spec.pair else record.id)
    if not (folder / COPY).is_file():
        raise UserError(f"{folder}: no copy of the submitted files; submit the method again")
    copy = read_copy(folder)
    if copy.bundle.digest != record.source_hash:
        raise UserError(f"{folder}: differs from the submitted files; submit the method again")
    copy.check()
    return copy


def _check_place(out: Path) -> None:
    """Refuse to replace what isn't a bundle."""
    if not out.exists() and not out.is_symlink():
        return
    is_zip = out.suffix.lower() == ZIP and out.is_file()
    is_folder = out.is_dir() and (not any(out.iterdir()) or (out / places.RECORD).is_file())
    if out.is_symlink() or not (is_zip or is_folder):
        raise UserError(f"{out}: already exists and isn't a bundle; choose another path")


def _write_code(copy: FrozenCopy, target: Path, manifest: Manifest) -> None:
    """The frozen copy without the times of its files, and without weights that are too large."""
    outside = _outside(copy, manifest)
    files = {}
    for name, known in sorted(copy.bundle.files.items()):
        files[name] = known.model_copy(update={"changed": 0})
        if name in outside:
            continue
        path = target / FILES / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(copy.path(name), path)
    write_model(target / COPY, copy.bundle.model_copy(update={"files": files}))


def _outside(copy: FrozenCopy, manifest: Manifest) -> set[str]:
    """Files that are too large for a bundle; each must be declared, with where it can be got."""
    declared: Mapping[str, str] = {
        f"{copy.bundle.inner}{each.file}": each.sha256
        for each in manifest.weights
        if each.file and each.url and not each.file.endswith(".py")
    }
    for each in manifest.weights:
        known = copy.bundle.files.get(f"{copy.bundle.inner}{each.file}") if each.file else None
        if each.file and known is None:
            raise UserError(
                f"{MANIFEST}: field 'weights': {each.file} isn't listed under files; add it there"
            )
        if known and known.digest != each.sha256:
            raise UserError(
                f"{MANIFEST}: field 'weights': wrong; the SHA-256 of {each.file} is {known.digest}"
            )
    large = {name for name, each in copy.bundle.files.items() if each.size > LARGEST_FILE}
    for name in sorted(large - declared.keys()):
        raise UserError(
            f"{name}: {size(copy.bundle.files[name].size)}, and a bundle takes files up to "
            f"{size(LARGEST_FILE)}; put it on the web and declare it in {MANIFEST} under weights, "
            "with file, url, sha256 and training_data"
        )
    return large


def _write_experiment(
    root: Path, experiment: Experiment, result: ExperimentResult, draft: Path
) -> None:
    """An experiment's result, and the patches of the loops that it finished."""
    setting, _, seed = experiment
    moved = {layout.result_file(experiment): places.result_file(setting, seed)}
    for loop in range(len(result.loops)):
        moved[layout.query_file(experiment, loop)] = places.query_file(setting, seed, loop)
    for source, place in moved.items():
        if not (root / source).is_file():
            raise UserError(f"{root / source}: missing; run the track again")
        (draft / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / source, draft / place)


def _listed(folder: Path) -> dict[str, BundledFile]:
    """All files of a bundle that is being written, by name.

    Raises:
        UserError: names one that is too large.
    """
    found = {}
    for name, path in sorted(files_below(folder)):
        count = path.stat().st_size
        if count > largest(name):
            raise UserError(f"{name}: {size(count)}; in a bundle at most {size(largest(name))}")
        found[name] = BundledFile(size=count, sha256=sha256(path))
    return found
