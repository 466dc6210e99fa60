"""Keys that are safe in HTML, CSS and URLs, and stay the same from one build to the next."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence

LENGTH = 8


def keys(prefix: str, names: Iterable[str], within: Sequence[str | int] = ()) -> dict[str, str]:
    """A key for each of the different ``names``, in their order.

    A key depends on its name and ``within`` alone, whatever else there is; only if two hashes begin
    with the same digits both keys get all of them.

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
