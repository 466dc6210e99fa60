"""Result files read, checked and grouped into what may share a table."""

import hashlib
import os
import stat
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.results import SCHEMA_VERSION, ExperimentResult, load_result
from leaderboard.consistency import inconsistency
from leaderboard.model import LeftOut
from leaderboard.text import plain
from nnactive.errors import UserError
from nnactive.files import read_json

RESULT_FILE = "result.json"
LARGEST_FILE = 32 << 20
"""Bytes; a result of the largest track has less than 2 MiB."""


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


def load_entries(sources: Sequence[Path], *, strict: bool = False) -> Entries:
    """Read every ``result.json`` in the given folders (or the files themselves).

    A file that is broken, of a newer schema or inconsistent is left out with its reason; so are two
    different results of one experiment. The same result found twice counts once.

    Args:
        sources: folders, searched wholly, and files.
        strict: refuse the first file that would be left out.

    Raises:
        UserError: A given path does not exist, or (strict) a file would be left out; names it.
    """
    found: dict[tuple[str, ...], dict[str, tuple[str, ExperimentResult]]] = defaultdict(dict)
    left_out: set[LeftOut] = set()
    for label, path in _files(sources):
        outcome = _read(path)
        if isinstance(outcome, str):
            if strict:
                raise UserError(f"{plain(str(path), limit=4096)}: {outcome}")
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
    if strict and left_out:
        first = min(left_out)
        raise UserError(f"{first.file}: {first.reason}; keep one of them")
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
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return "not a regular file"
        if status.st_size > LARGEST_FILE:
            return f"larger than {LARGEST_FILE >> 20} MiB, which no result is"
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
