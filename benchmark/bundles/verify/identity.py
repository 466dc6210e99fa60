"""Whether all files of a bundle tell of one method, and its code is what was hashed."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmark.bundles import places
from benchmark.bundles.verify.evidence import Evidence, called
from benchmark.bundles.verify.findings import NotCheckedError, Problems
from benchmark.consistency.lookalikes import name_problems, skeleton
from benchmark.consistency.method import of_method
from benchmark.consistency.names import builtin_names, unfit_names
from benchmark.results import MethodRecord

SECONDS: Final = 120
"""For hashing a submission's code."""


def method(evidence: Evidence) -> Problems:
    """``bundle.json``, ``method.json`` and every result have the same record of the method."""
    wanted = evidence.known_spec().record
    yield from _different(places.RECORD.as_posix(), evidence.record.method, wanted)
    for key, result in evidence.known_results().items():
        yield from _different(f"the result of {called(key)}", result.method, wanted)
    for (setting, seed, loop), query in evidence.queries.items():
        later = wanted.start is None or loop > 0
        if loop and later and query.method != wanted.id:
            where = f"the query of {setting}, seed {seed}, loop {loop}"
            yield f"{where} is of the method '{query.method}' instead of '{wanted.id}'"
    return f"'{wanted.id}' everywhere"


def builtin(evidence: Evidence) -> Problems:
    """A built-in method is one of this release, with its oracle; a submission has its own name."""
    from nnactive.methods import BUILTIN, STARTS

    record = evidence.known_spec().record
    yield from of_method(record)
    if record.origin == "submission":
        base = (record.start or record.id).partition(",")[0]
        if {record.name, base} & {*BUILTIN, *STARTS}:
            yield f"a submission with the name of the built-in method '{record.name}'"
        return "a submission with a name of its own"
    return "a built-in method of this release; only its maintainers can publish it"


def code(evidence: Evidence) -> Problems:
    """The frozen copy has the source hash and the requirements that the record names."""
    record = evidence.known_spec().record
    has_copy = any(name.startswith(f"{places.CODE}/") for name in evidence.record.files)
    if record.origin == "builtin":
        if has_copy:
            yield f"{places.CODE}/: a built-in method has no code of its own"
        raise NotCheckedError("a built-in method: its code is the benchmark's")
    if not has_copy:
        yield f"{places.CODE}/: the submission's code is missing"
        return ""
    found = _hashed(evidence)
    if found[0] == "error":
        yield f"{places.CODE}/: {found[1]}"
        return ""
    _, digest, *requirements = found
    if tuple(requirements) != record.requirements:
        yield (
            f"{places.CODE}/: requires {', '.join(requirements) or 'nothing'}, but the record "
            f"has {', '.join(record.requirements) or 'nothing'}"
        )
    return f"{places.CODE}/ has the source hash {digest[:16]}..."


def _hashed(evidence: Evidence) -> list[str]:
    """What the child that parses the code says: a limit of memory and time can't bind us."""
    module = "benchmark.bundles.verify.code_hash"
    with tempfile.TemporaryDirectory(prefix="nnactive-verify-") as folder:
        out = Path(folder, "hash.txt")
        words = [str(evidence.folder.resolve()), str(out)]
        try:
            # In no folder of the bundle, and without variables or files that Python would obey.
            subprocess.run(
                [sys.executable, "-I", "-m", module, *words],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return ["error", f"its hash takes more than {SECONDS} s"]
        lines = out.read_text(encoding="utf-8").splitlines() if out.is_file() else []
    return lines or ["error", "can't be parsed: too large, or nested too deeply"]


def manifest(evidence: Evidence) -> Problems:
    """``submission.yaml`` is one, has what a bundle needs, and pins what the record has."""
    found = evidence.manifest
    if found is None:
        yield f"{places.MANIFEST}: {evidence.unreadable[places.MANIFEST.as_posix()]}"
        return ""
    for line in found.lacks:
        yield f"{places.MANIFEST}: lacks a line: {line}"
    wanted = evidence.known_spec().record.requirements
    if found.requirements != wanted:
        pins = ", ".join(found.requirements) or "nothing"
        yield f"{places.MANIFEST}: requires {pins}, the record {', '.join(wanted) or 'nothing'}"
    return f"'{found.name}' by {', '.join(found.authors)}, {found.licence}"


def names(evidence: Evidence) -> Problems:
    """What readers see is visible, and can't be taken for a built-in method."""
    record = evidence.known_spec().record
    texts = {"track": evidence.record.track, "name": record.name, "id": record.id}
    if evidence.manifest is not None and evidence.manifest.name:
        texts["name in the manifest"] = evidence.manifest.name
    for what, text in texts.items():
        yield from (f"the {what} {problem}" for problem in name_problems(text))
        twin = builtin_names().get(skeleton(text))
        if twin and record.origin == "submission" and what != "track":
            yield f"the {what}, '{text}', can be taken for the built-in method '{twin}'"
    yield from evidence.of_results(unfit_names)
    return f"'{record.name}' is legible and no other method's"


def _different(where: str, found: MethodRecord, wanted: MethodRecord) -> Iterator[str]:
    for field, value in wanted:
        other = getattr(found, field)
        if other != value:
            yield f"{where}: the method's {field} is {other!r:.80} instead of {value!r:.80}"
