"""Whether a bundle's files are those that ``bundle.json`` lists, and each is what it must be."""

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmark.bundles import places
from benchmark.bundles.limits import DEEPEST, MOST_FILES, largest
from benchmark.bundles.names import name_problem
from benchmark.bundles.signed.attestations import FOLDER
from benchmark.bundles.signed.ssh import signature_file
from benchmark.bundles.verify.evidence import Evidence
from benchmark.bundles.verify.findings import Problems

BLOCK: Final = 1 << 20


def listed(evidence: Evidence) -> Problems:
    """No file is missing, none is there in addition; all are regular files, none is a link."""
    wanted = evidence.record.files
    if len(wanted) > MOST_FILES:
        yield f"{len(wanted):,} files are listed; a bundle has at most {MOST_FILES:,}"
        return ""
    for name in wanted:
        if problem := name_problem(name):
            yield f"{name!a:.80}: the path {problem}"
    there = set[str]()
    for name, kind in _walk(evidence.folder):
        if kind:
            yield f"{name}: {kind}"
        there.add(name)
        if len(there) > MOST_FILES:
            yield f"more than {MOST_FILES:,} files"
            return ""
    there.discard(places.RECORD.as_posix())
    # Others add these to an entry's bundle; they are no part of it.
    signature = signature_file(places.RECORD).as_posix()
    there = {name for name in there if name != signature and not name.startswith(f"{FOLDER}/")}
    yield from (
        f"{name}: listed in {places.RECORD}, but missing" for name in sorted(wanted.keys() - there)
    )
    yield from (f"{name}: not listed in {places.RECORD}" for name in sorted(there - wanted.keys()))
    return f"{len(wanted)} files, as {places.RECORD} lists them"


def hashes(evidence: Evidence) -> Problems:
    """Every listed file has its size and SHA-256."""
    size = 0
    for name, known in sorted(evidence.record.files.items()):
        path = evidence.folder / name
        if name_problem(name) or not _is_plain(path):
            continue  # the list of files has said so
        found = path.stat().st_size
        size += found
        if found > largest(name):
            yield f"{name}: {found:,} bytes; a bundle takes at most {largest(name):,}"
        elif found != known.size:
            yield f"{name}: {found:,} bytes instead of {known.size:,}"
        elif _sha256(path) != known.sha256:
            yield f"{name}: another SHA-256 than {places.RECORD} has"
    return f"{size:,} bytes; digest of the bundle: {evidence.record.digest}"


def readable(evidence: Evidence) -> Problems:
    """Every file is what its place says, by the schema of its kind, within limits."""
    _ = evidence.track, evidence.spec, evidence.queries
    for name, reason in sorted(evidence.unreadable.items()):
        if reason != "no such file":  # other checks name what is missing
            yield f"{name}: {reason}"
    count = len(evidence.results) + len(evidence.queries)
    return f"{count} results and query files, {places.TRACK} and {places.SPEC}"


def only_known(evidence: Evidence) -> Problems:
    """Every file has a place in the layout, and belongs to the track's experiments."""
    top = {each.as_posix() for each in (places.MANIFEST, places.TRACK, places.SPEC)}
    results = {places.result_file(*key).as_posix() for key in evidence.wanted}
    queries = {
        places.query_file(*key, loop).as_posix()
        for key, result in evidence.results.items()
        for loop in range(len(result.loops))
    }
    code = f"{places.CODE.as_posix()}/"
    for name in sorted(evidence.record.files):
        if not (name in top | results | queries or name.startswith(code)):
            yield f"{name}: no file of this track's experiments"
    return "every file has its place"


def _walk(folder: Path) -> Iterator[tuple[str, str]]:
    """Each file below a folder by its name there; what is wrong with its kind, or nothing."""
    waiting = [(folder, 0)]
    while waiting:
        inner, level = waiting.pop()
        with os.scandir(inner) as entries:
            for each in entries:
                name = Path(each.path).relative_to(folder).as_posix()
                mode = each.stat(follow_symlinks=False).st_mode
                if stat.S_ISDIR(mode) and level < DEEPEST:
                    waiting.append((Path(each.path), level + 1))
                elif stat.S_ISDIR(mode):
                    yield name, f"more than {DEEPEST} folders deep"
                elif stat.S_ISLNK(mode):
                    yield name, "a link; a bundle holds files alone"
                else:
                    yield name, "" if stat.S_ISREG(mode) else "not a regular file"


def _is_plain(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(number, "rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()
