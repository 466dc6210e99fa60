"""Read result files, check them, and group those that may share a table."""

import hashlib
import os
import stat
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from benchmark.layout import RESULT
from benchmark.results import ExperimentResult, MethodRecord, load_result
from leaderboard.agreement import disagreements
from leaderboard.consistency import inconsistency
from leaderboard.formatting import plain
from leaderboard.model import LeftOut
from leaderboard.undefined import Undefined
from nnactive.errors import UserError

_Labelled = tuple[str, ExperimentResult]
_Named = tuple[str, Path]
LARGEST_FILE = 32 << 20
"""Bytes; results of the largest track have less than 2 MiB."""


@dataclass(frozen=True, order=True)
class GroupKey:
    """What results must share to be compared in one table (protocol section 9)."""

    track: str
    comparable: bool
    """False: run on a reduced-cost track."""
    setting: str
    protocol: str
    """Major.Minor."""
    nnunet: str
    """Version of nnU-Net."""
    checksum: str
    """Of the prepared data with its split."""
    details: str
    """The whole setting as JSON."""
    query: str = ""
    """Where starts are compared: the query method of all later loops; empty: query methods are
    compared, all from the protocol's starting budget."""


@dataclass(frozen=True)
class Entries:
    """The results that are used, in an order independent of files, and the files that are not."""

    results: tuple[ExperimentResult, ...]
    left_out: tuple[LeftOut, ...]


def load_entries(sources: Sequence[Path], *, strict: bool = False) -> Entries:
    """Read every ``result.json`` in the given folders (or the files themselves).

    A file that is broken, inconsistent or of a newer schema is left out with its reason; so are
    different results of one experiment, and results that contradict others on the same data. A
    result that is found twice counts once.

    Args:
        sources: folders, searched recursively, and files.
        strict: refuse the first file that would be left out.

    Raises:
        UserError: A given path does not exist, or (strict) a file would be left out; names it.
    """
    found: dict[tuple[str, ...], dict[str, _Labelled]] = defaultdict(dict)
    left_out: set[LeftOut] = set()
    for label, path in _files(sources):
        outcome = _read(path)
        if isinstance(outcome, Undefined):
            if strict:
                raise UserError(f"{plain(str(path), limit=4096)}: {outcome.reason}")
            left_out.add(LeftOut(plain(label), outcome.reason))
            continue
        digest = hashlib.sha256(outcome.model_dump_json().encode()).hexdigest()
        names = found[_experiment(outcome)]
        # The smaller label, so that the order of files changes nothing.
        names[digest] = min(names.get(digest, (label, outcome)), (label, outcome), key=_label)
    single, several = _unique(found)
    odd = disagreements([result for _, result in single])
    left_out |= several
    left_out |= {LeftOut(plain(single[place][0]), reason) for place, reason in odd.items()}
    if strict and left_out:
        first = min(left_out)
        raise UserError(f"{first.file}: {first.reason}")
    kept = (result for place, (_, result) in enumerate(single) if place not in odd)
    return Entries(tuple(kept), tuple(sorted(left_out)))


def _unique(
    found: Mapping[tuple[str, ...], Mapping[str, _Labelled]],
) -> tuple[list[_Labelled], set[LeftOut]]:
    """Unique results of experiments, in a fixed order, and the files of those with several."""
    single: list[_Labelled] = []
    left_out = set()
    for _, versions in sorted(found.items()):
        if len(versions) == 1:
            single.extend(versions.values())
            continue
        reason = f"one of {len(versions)} different results of this experiment; keep only one"
        left_out |= {LeftOut(plain(label), reason) for label, _ in versions.values()}
    return single, left_out


def group(results: Iterable[ExperimentResult]) -> dict[GroupKey, list[ExperimentResult]]:
    """Results by what they must share to be compared; keys and lists are in a fixed order."""
    groups: dict[GroupKey, list[ExperimentResult]] = defaultdict(list)
    for result in results:
        groups[group_key(result)].append(result)
    return {
        key: sorted(groups[key], key=lambda result: (identity(result.method), result.seed))
        for key in sorted(groups)
    }


def identity(method: MethodRecord) -> str:
    """What distinguishes a method from all others: its id alone is not proof.

    >>> from benchmark.results import MethodRecord
    >>> fields = {"name": "", "description": "", "parameters": {}, "oracle": False}
    >>> identity(MethodRecord(id="bald", origin="builtin", source_hash="ab", **fields))
    'bald'
    >>> identity(MethodRecord(id="bald", origin="submission", source_hash="ab", **fields))
    'bald ab'
    """
    return method.id if method.origin == "builtin" else f"{method.id} {method.source_hash}"


def group_key(result: ExperimentResult) -> GroupKey:
    """The table that a result belongs to."""
    return GroupKey(
        track=result.track,
        comparable=result.comparable,
        setting=result.setting.name,
        protocol=".".join(result.protocol_version.split(".")[:2]),
        nnunet=result.environment.packages.get("nnunetv2", "unknown"),
        checksum=result.dataset.checksum,
        details=result.setting.model_dump_json(),
        query=result.method.query or "",
    )


def _files(sources: Sequence[Path]) -> list[_Named]:
    """Every result file once, with a label that does not depend on the machine."""
    files: dict[str, _Named] = {}
    for name, source in _names(sources):
        if source.is_file():
            found = [(name or source.name, source)]
        elif source.is_dir():
            found = [
                (str(PurePosixPath(name, path.relative_to(source).as_posix())), path)
                for path in _walk(source)
            ]
        else:
            raise UserError(f"{source}: no such file or folder; give the folder of the runs")
        for label, path in found:
            real = os.path.realpath(path)
            files[real] = min(files.get(real, (label, path)), (label, path))
    return sorted(files.values())


def _names(sources: Sequence[Path]) -> list[_Named]:
    """Each source with the prefix of its labels.

    The prefix is empty for a single source; of several, as much of the end of their paths as
    distinguishes them.
    """
    different = {source.resolve(): source for source in sources}
    if len(different) == 1:
        return [("", source) for source in different.values()]
    parts = [path.parts for path in different]
    length = 1
    while len({each[-length:] for each in parts}) < len(parts):
        length += 1
    names = ("/".join(each[-length:]) for each in parts)
    return list(zip(names, different.values(), strict=True))


def _walk(source: Path) -> Iterator[Path]:
    """Result files below a folder, even while a run is adding and removing files.

    Links to folders are followed, each folder once.
    """
    seen = set()
    for folder, names, files in os.walk(source, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            names.clear()
            continue
        seen.add(real)
        names[:] = sorted(name for name in names if not name.startswith("."))
        if RESULT in files:
            yield Path(folder, RESULT)


def _read(path: Path) -> ExperimentResult | Undefined:
    """The result, or why there is none."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return Undefined("not a regular file")
        if status.st_size > LARGEST_FILE:
            return Undefined(f"larger than {LARGEST_FILE >> 20} MiB, too large for a result")
        result = load_result(path)
    except UserError as error:
        return Undefined(plain(str(error).removeprefix(f"{path}: ")))
    except (OSError, ValueError) as error:
        return Undefined(plain(f"cannot be read ({type(error).__name__})"))
    contradiction = inconsistency(result)
    return result if contradiction is None else Undefined(contradiction)


def _experiment(result: ExperimentResult) -> tuple[str, ...]:
    key = group_key(result)
    return (*map(str, vars(key).values()), identity(result.method), f"{result.seed:+020d}")


def _label(item: _Labelled) -> str:
    return item[0]
