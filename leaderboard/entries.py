"""Result files read, checked and grouped into what may share a table."""

import hashlib
import os
import stat
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from benchmark.results import ExperimentResult, MethodRecord, load_result
from leaderboard.agreement import disagreements
from leaderboard.consistency import inconsistency
from leaderboard.formatting import plain
from leaderboard.model import LeftOut
from nnactive.errors import UserError

RESULT_FILE = "result.json"
_Labelled = tuple[str, ExperimentResult]
_Named = tuple[str, Path]
LARGEST_FILE = 32 << 20
"""Bytes; a result of the largest track has less than 2 MiB."""


@dataclass(frozen=True, order=True)
class GroupKey:
    """What results must share to be compared in one table (protocol section 9)."""

    track: str
    comparable: bool
    """False: run on a track that exists to be cheap."""
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
    different results of one experiment, and those that the others show to be of other data. The
    same result found twice counts once.

    Args:
        sources: folders, searched wholly, and files.
        strict: refuse the first file that would be left out.

    Raises:
        UserError: A given path does not exist, or (strict) a file would be left out; names it.
    """
    found: dict[tuple[str, ...], dict[str, _Labelled]] = defaultdict(dict)
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
    single, several = _told_apart(found)
    odd = disagreements([result for _, result in single])
    left_out |= several
    left_out |= {LeftOut(plain(single[place][0]), reason) for place, reason in odd.items()}
    if strict and left_out:
        first = min(left_out)
        raise UserError(f"{first.file}: {first.reason}")
    kept = (result for place, (_, result) in enumerate(single) if place not in odd)
    return Entries(tuple(kept), tuple(sorted(left_out)))


def _told_apart(
    found: Mapping[tuple[str, ...], Mapping[str, _Labelled]],
) -> tuple[list[_Labelled], set[LeftOut]]:
    """Results of experiments that have one, in a fixed order; files of those that have several."""
    single: list[_Labelled] = []
    left_out = set()
    for _, versions in sorted(found.items()):
        if len(versions) == 1:
            single.extend(versions.values())
            continue
        reason = (
            f"{len(versions)} different results of this experiment were given; keep one of them"
        )
        left_out |= {LeftOut(plain(label), reason) for label, _ in versions.values()}
    return single, left_out


def group(results: Iterable[ExperimentResult]) -> dict[GroupKey, list[ExperimentResult]]:
    """Results by what they must share to be compared; keys and lists keep a fixed order."""
    groups: dict[GroupKey, list[ExperimentResult]] = defaultdict(list)
    for result in results:
        groups[group_key(result)].append(result)
    return {
        key: sorted(groups[key], key=lambda result: (identity(result.method), result.seed))
        for key in sorted(groups)
    }


def identity(method: MethodRecord) -> str:
    """What tells a method from all others: an id alone is only what its file says.

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
    """Each source with what its labels begin with.

    That is nothing, or where there are several as much of the end of their paths as tells them
    apart.
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
    """Result files below a folder, whatever a run at work makes and removes in it meanwhile.

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
        return plain(str(error).removeprefix(f"{path}: "))
    except RecursionError:
        return "not valid JSON (nested too deeply)"
    except (OSError, ValueError) as error:
        return plain(f"cannot be read ({type(error).__name__})")
    return inconsistency(result) or result


def _experiment(result: ExperimentResult) -> tuple[str, ...]:
    key = group_key(result)
    return (*map(str, vars(key).values()), identity(result.method), f"{result.seed:+020d}")


def _label(item: _Labelled) -> str:
    return item[0]
