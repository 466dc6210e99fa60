"""The benchmark's own results as witnesses: the same data, test set and starts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmark.bundles import places
from benchmark.bundles.baselines import BASELINES, own_baselines
from benchmark.bundles.bounded import read_bounded
from benchmark.bundles.verify.compare.draws import start_key
from benchmark.bundles.verify.evidence import Evidence, called
from benchmark.bundles.verify.findings import NotCheckedError, Problems
from benchmark.consistency.counts import fingerprint
from benchmark.consistency.patches import patches_of
from benchmark.consistency.quality.surfaces import measured_with
from benchmark.layout import RESULT
from benchmark.results import ExperimentResult
from nnactive.errors import UserError
from nnactive.io.files import sha256

FACTS: Final = (
    *("checksum", "split_kind", "classes", "test_cases"),
    *("pool_cases", "pool_foreground", "pool_boundary", "pool_effort", "pool_shapes"),
)


def read_baselines(folder: Path) -> tuple[ExperimentResult, ...]:
    """The results below a folder of runs or bundles that the caller trusts.

    Of a public board's folder only those that its ``baselines.json`` lists are trusted.

    Raises:
        UserError: if the folder has none of built-in methods, or one can't be read.
    """
    names = (RESULT, f"{places.RESULTS}/*/seed_*.json")
    files = sorted({path for name in names for path in folder.rglob(name) if path.is_file()})
    if not files:
        raise UserError(f"{folder}: no results; give a folder of runs or bundles")
    if (folder / BASELINES).is_file():
        listed = own_baselines(folder)
        files = [path for path in files if sha256(path) in listed]
    found = []
    for path in files:
        try:
            found.append(read_bounded(path, ExperimentResult))
        except UserError as error:
            raise UserError(f"{path}: {error}") from None
    ours = tuple(each for each in found if each.method.origin == "builtin")
    if not ours:
        raise UserError(f"{folder}: no results of built-in methods; give a folder that has them")
    return ours


def same_data(evidence: Evidence) -> Problems:
    """Checksum, split, cases and reference voxels are those of the baselines' dataset."""
    known = {each.dataset.name: each for each in _given(evidence)}
    compared = set[str]()
    for key, result in evidence.known_results().items():
        wanted = known.get(result.setting.dataset)
        if wanted is None:
            continue
        compared.add(result.setting.dataset)
        yield from (f"{called(key)}: {each}" for each in _of_data(result, wanted))
    if not compared:
        raise NotCheckedError("the baselines are of other datasets")
    return f"{', '.join(sorted(compared))} as the baselines had it"


def same_start(evidence: Evidence) -> Problems:
    """Loop 0 is that of the baselines with the same data, sizes and seed."""
    known = {start_key(each): each for each in _given(evidence) if each.loops}
    count = 0
    for key, result in evidence.known_results().items():
        other = known.get(start_key(result))
        if other is None or not result.loops:
            continue
        count += 1
        ours, theirs = result.loops[0], other.loops[0]
        if patches_of(ours.patches) != patches_of(theirs.patches):
            yield f"{called(key)}: starts with other patches than the baseline {other.method.id}"
        for field in ("labelled_voxels", "labelled_foreground", "labelled_boundary", "effort"):
            a, b = getattr(ours, field), getattr(theirs, field)
            if None not in (a, b) and a != b:
                yield f"{called(key)}, loop 0: {field} is {a}, the baseline's {b}"
    if not count:
        raise NotCheckedError("no baseline has the same data, sizes and seed")
    return f"experiments that start as the baselines do: {count}"


def _given(evidence: Evidence) -> tuple[ExperimentResult, ...]:
    if not evidence.baselines:
        raise NotCheckedError("no baselines are given (--baselines)")
    return evidence.baselines


def _of_data(result: ExperimentResult, wanted: ExperimentResult) -> Iterator[str]:
    for field in FACTS:
        ours, theirs = getattr(result.dataset, field), getattr(wanted.dataset, field)
        if None not in (ours, theirs) and ours != theirs:
            yield f"{field} is {ours!r:.60}, the baselines' {theirs!r:.60}"
    of_baseline = measured_with(wanted)
    for field, mine in measured_with(result).items():
        if None not in (mine, of_baseline[field]) and mine != of_baseline[field]:
            yield f"surfaces: {field} are {mine!r:.60}, the baselines' {of_baseline[field]!r:.60}"
    stated, known = fingerprint(result), fingerprint(wanted)
    if None not in (stated, known) and stated != known:
        yield "other reference voxels (tp + fn) than the baselines"
