"""Whether the record of a method fits its id and this release."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from benchmark.layout import JOINT
from benchmark.results import MethodRecord
from nnactive.texts import plain

if TYPE_CHECKING:
    from nnactive.methods.base import Method as AnyMethod

SHA256: Final = re.compile(r"[0-9a-f]{64}")


def of_method(method: MethodRecord) -> Iterator[str]:
    """A built-in method is in the registry, a submitted one carries its hash."""
    from nnactive.methods import BUILTIN, STARTS

    if method.start is not None or method.query is not None:
        yield from _of_start(method)
        method = method.model_copy(update={"id": method.start or ""})
    builtin: Mapping[str, type[AnyMethod]] = STARTS if method.start is not None else BUILTIN
    base, name = method.id.partition(",")[0], plain(method.id, 60)
    if method.origin == "submission":
        source = method.source_hash
        if not (SHA256.fullmatch(source) and base.endswith(f"-{source[:8]}")):
            yield f"the submission '{name}' does not have its source hash in its id"
    elif base not in builtin:
        yield f"'{name}' is not a built-in method of this release"
    elif method.start is None and builtin[base].oracle != method.oracle:
        uses = "uses" if builtin[base].oracle else "does not use"
        yield f"'{name}' {uses} ground truth, but claims otherwise"


def _of_start(method: MethodRecord) -> Iterator[str]:
    """A method that names its start is named after it and a built-in query method."""
    from nnactive.methods import BUILTIN, STARTS

    name, (start, query) = plain(method.id, 60), (method.start or "", method.query or "")
    base, later = start.partition(",")[0], query.partition(",")[0]
    if method.id != f"{start}{JOINT}{query}" or later not in BUILTIN:
        yield f"'{name}' is not a start followed by a built-in query method"
        return
    first = STARTS.get(base)
    uses = BUILTIN[later].oracle or (first is not None and first.oracle)
    if uses != method.oracle:
        yield f"'{name}' {'uses' if uses else 'does not use'} ground truth, but claims otherwise"
