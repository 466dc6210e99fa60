"""Result files read, checked and grouped into what may share a table."""

import hashlib
import math
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from benchmark.results import SCHEMA_VERSION, ExperimentResult, LoopResult, load_result
from leaderboard.text import plain
from nnactive.errors import UserError
from nnactive.files import read_json

RESULT_FILE = "result.json"
LARGEST_COUNT = 2**53
"""Above it a voxel count is no longer exact as a float."""


@dataclass(frozen=True, order=True)
class LeftOut:
    """A result file that counts nowhere, and why."""

    file: str
    """Path inside the folder that was given."""
    reason: str


@dataclass(frozen=True, order=True)
class GroupKey:
    """What results must share to be compared in one table (protocol section 9)."""

    track: str
    setting: str
    protocol: str
    """Major.Minor."""
    nnunet: str
    """Version of nnU-Net."""
    checksum: str
    """Of the prepared data with its split."""
    details: str
    """The whole setting as JSON."""


@dataclass(frozen=True)
class Entries:
    """All results that count, in an order that is independent of files, and those that don't."""

    results: tuple[ExperimentResult, ...]
    left_out: tuple[LeftOut, ...]


def load_entries(sources: Sequence[Path]) -> Entries:
    """Read every ``result.json`` in the given folders (or the files themselves).

    A file that is broken, of a newer schema or inconsistent is left out with its reason; so are two
    different results of one experiment. The same result found twice counts once.

    Raises:
        UserError: A given path does not exist.
    """
    found: dict[tuple[str, ...], dict[str, tuple[str, ExperimentResult]]] = defaultdict(dict)
    left_out: set[LeftOut] = set()
    for label, path in _files(sources):
        outcome = _read(path)
        if isinstance(outcome, str):
            left_out.add(LeftOut(plain(label), outcome))
            continue
        digest = hashlib.sha256(outcome.model_dump_json().encode()).hexdigest()
        names = found[_experiment(outcome)]
        # The smaller label, so that the order of files changes nothing.
        names[digest] = min(names.get(digest, (label, outcome)), (label, outcome), key=_label)
    results: list[ExperimentResult] = []
    for _, versions in sorted(found.items()):
        if len(versions) == 1:
            results.extend(result for _, result in versions.values())
            continue
        left_out.update(
            LeftOut(
                plain(label), f"{len(versions)} different results of this experiment were given"
            )
            for label, _ in versions.values()
        )
    return Entries(tuple(results), tuple(sorted(left_out)))


def group(results: Iterable[ExperimentResult]) -> dict[GroupKey, list[ExperimentResult]]:
    """Results by what they must share to be compared; keys and lists keep a fixed order."""
    groups: dict[GroupKey, list[ExperimentResult]] = defaultdict(list)
    for result in results:
        groups[group_key(result)].append(result)
    return {
        key: sorted(groups[key], key=lambda result: (result.method.id, result.seed))
        for key in sorted(groups)
    }


def group_key(result: ExperimentResult) -> GroupKey:
    """The table that a result belongs to."""
    return GroupKey(
        track=result.track,
        setting=result.setting.name,
        protocol=".".join(result.protocol_version.split(".")[:2]),
        nnunet=result.environment.packages.get("nnunetv2", "unknown"),
        checksum=result.dataset.checksum,
        details=result.setting.model_dump_json(),
    )


def inconsistency(result: ExperimentResult) -> str | None:
    """First contradiction inside a result that has all its fields; None if there is none."""
    done, wanted = len(result.loops), result.setting.loops
    contradictions = {
        "status and failure contradict each other": (
            (result.status == "failed") != (result.failure is not None)
        ),
        "the loops are not numbered 0, 1, 2, ...": (
            [loop.loop for loop in result.loops] != list(range(done))
        ),
        f"{result.status}, but has {done} of {wanted} loops": (
            done > wanted or (result.status == "complete" and done < wanted)
        ),
        "the dataset has no foreground class or no test case": (
            not result.dataset.classes or not result.dataset.test_cases
        ),
        "the labelled patches do not increase from loop to loop": any(
            after.labelled_patches <= before.labelled_patches
            for before, after in pairwise(result.loops)
        ),
    }
    shape = len(result.dataset.classes), len(result.dataset.test_cases)
    problems = [text for text, holds in contradictions.items() if holds]
    problems += [problem for loop in result.loops if (problem := _loop_inconsistency(loop, *shape))]
    return problems[0] if problems else None


def _loop_inconsistency(loop: LoopResult, classes: int, cases: int) -> str | None:
    counts = loop.counts
    columns = (counts.true_positives, counts.false_positives, counts.false_negatives)
    if any(len(c) != classes or any(len(row) != cases for row in c) for c in columns):
        return f"loop {loop.loop}: the counts are not {classes} classes x {cases} test cases"
    if len(loop.labelled_foreground) != classes:
        return f"loop {loop.loop}: labelled_foreground does not have {classes} classes"
    voxels = [n for column in columns for row in column for n in row]
    voxels += [loop.labelled_patches, loop.labelled_voxels, *loop.labelled_foreground]
    if not all(0 <= n <= LARGEST_COUNT for n in voxels):
        return f"loop {loop.loop}: a count is negative or too large"
    if not all(math.isfinite(cost.seconds) for cost in loop.costs.values()):
        return f"loop {loop.loop}: a duration is not finite"
    return None


def _files(sources: Sequence[Path]) -> list[tuple[str, Path]]:
    files = []
    for source in sources:
        if source.is_file():
            files.append((source.name, source))
        elif source.is_dir():
            files.extend((path.relative_to(source).as_posix(), path) for path in _walk(source))
        else:
            raise UserError(f"{source}: no such file or folder; give the folder of the runs")
    return sorted(files)


def _walk(source: Path) -> Iterator[Path]:
    """Result files below a folder, whatever a run at work makes and removes in it meanwhile."""
    for folder, names, files in os.walk(source):
        names[:] = [name for name in names if not name.startswith(".")]
        if RESULT_FILE in files:
            yield Path(folder, RESULT_FILE)


def _read(path: Path) -> ExperimentResult | str:
    """The result, or in one line why there is none."""
    try:
        result = load_result(path)
    except UserError as error:
        return _newer_schema(path) or plain(str(error).removeprefix(f"{path}: "))
    except RecursionError:
        return "not valid JSON (nested too deeply)"
    except (OSError, ValueError) as error:
        return plain(f"cannot be read ({type(error).__name__})")
    return inconsistency(result) or result


def _newer_schema(path: Path) -> str | None:
    try:
        content = read_json(path)
    except UserError:
        return None
    version = content.get("schema_version") if isinstance(content, dict) else None
    if isinstance(version, int) and version > SCHEMA_VERSION:
        return plain(
            f"schema version {version} is newer than {SCHEMA_VERSION}, the newest known here; "
            "build the page with the release that wrote it"
        )
    return None


def _experiment(result: ExperimentResult) -> tuple[str, ...]:
    key = group_key(result)
    return (*vars(key).values(), result.method.id, f"{result.seed:+020d}")


def _label(item: tuple[str, ExperimentResult]) -> str:
    return item[0]
