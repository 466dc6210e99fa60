"""Keys and hashes that identify things on the page, the same from one build to the next."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence

from nnactive.settings import Setting

LENGTH = 8


def keys(prefix: str, names: Iterable[str], within: Sequence[str | int] = ()) -> dict[str, str]:
    """A key for each of the different ``names``, in their order; safe in HTML, CSS and URLs.

    A key depends on its name and ``within`` alone; only if two hashes begin with the same digits
    both keys get all of them.

    >>> keys("m", ["random"])
    {'random': 'm-f5f23581'}
    """
    digests = {}
    for name in names:
        text = json.dumps([*within, name], ensure_ascii=True)
        digests[name] = hashlib.sha256(text.encode()).hexdigest()
    seen = Counter(digest[:LENGTH] for digest in digests.values())
    return {
        name: f"{prefix}-{digest[:LENGTH] if seen[digest[:LENGTH]] == 1 else digest}"
        for name, digest in digests.items()
    }


def cohort_id(ids: Iterable[str]) -> str:
    """Number and short hash of the methods among which relational figures are computed.

    >>> cohort_id(["bald", "random"]) == cohort_id(["random", "bald"])
    True
    """
    names = sorted(ids)
    digest = hashlib.sha256("\n".join(names).encode()).hexdigest()[:LENGTH]
    return f"{len(names)} method{'' if len(names) == 1 else 's'}, {digest}"


def key_ignoring_epochs(checksum: str, setting: Setting) -> str:
    """Key shared by settings of the same data that differ only in the training length.

    Queries that were taken from a shorter training are part of that difference.
    """
    kept = setting.model_dump(
        mode="json", exclude={"name": True, "queries": True, "training": {"epochs"}}
    )
    return _digest([checksum, kept])


def key_ignoring_patch(checksum: str, setting: Setting) -> str:
    """Key shared by settings of the same data that differ only in the patch.

    The stride and the number of candidates per image may differ with it.
    """
    kept = setting.model_dump(mode="json", exclude={"name", "patch_size", "stride", "candidates"})
    return _digest([checksum, kept])


def key_ignoring_query_size(checksum: str, setting: Setting) -> str:
    """Key shared by settings of the same data and total budget that differ only in the query size.

    The number of candidates per image may differ with it (protocol section 2).
    """
    kept = setting.model_dump(mode="json", exclude={"name", "query_size", "loops", "candidates"})
    total = setting.starting_budget + (setting.loops - 1) * setting.query_size
    return _digest([checksum, kept, total])


def _digest(parts: list[object]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
