"""The stamp of figures that depend on who else has entered."""

import hashlib
from collections.abc import Iterable


def stamp(ids: Iterable[str]) -> str:
    """Number and short hash of the entrants that relational figures were computed over.

    >>> stamp(["bald", "random"]) == stamp(["random", "bald"])
    True
    """
    names = sorted(ids)
    digest = hashlib.sha256("\n".join(names).encode()).hexdigest()[:8]
    return f"{len(names)} entrant{'' if len(names) == 1 else 's'}, {digest}"
