"""Paths in a bundle, which must mean one file on every machine, and nothing outside of it."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from benchmark.bundles.limits import DEEPEST, LONGEST_NAME, LONGEST_PART
from nnactive.errors import UserError
from nnactive.texts import is_hidden

FORBIDDEN = re.compile(r'[\\:*?"<>|]')
"""What a file system or an unpacker somewhere gives a meaning to."""


def name_problem(name: str) -> str:
    """Why a path may not stand in a bundle; empty if it may.

    >>> name_problem("results/s/seed_1.json"), name_problem("../x")
    ('', "has an empty, '.' or '..' part")
    """
    parts = name.split("/")
    odd = {
        "is absolute": name.startswith("/"),
        "has an empty, '.' or '..' part": any(part in {"", ".", ".."} for part in parts),
        "has characters that can't be seen": any(map(is_hidden, name)),
        "has characters that some systems refuse in names": (
            bool(FORBIDDEN.search(name)) or any(part.endswith((".", " ")) for part in parts)
        ),
    }
    found = next((problem for problem, there in odd.items() if there), "")
    return found or ("is too long" if _is_long(name, parts) else "")


def _is_long(name: str, parts: Sequence[str]) -> bool:
    longest = max(len(part.encode()) for part in parts)
    return len(parts) > DEEPEST or len(name.encode()) > LONGEST_NAME or longest > LONGEST_PART


def same_name(name: str) -> str:
    """What two paths share if some file system takes them for one."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def check_names(shown: object, names: Iterable[str]) -> None:
    """Refuse paths that leave the bundle, or of which two may be one file.

    Args:
        shown: names the bundle in messages.
        names: with forward slashes.

    Raises:
        UserError: names the first one.
    """
    seen: dict[str, str] = {}
    for name in names:
        problem = name_problem(name)
        if problem:
            raise UserError(f"{shown}: the path {name!a:.80} {problem}; make the bundle again")
        if (other := seen.setdefault(same_name(name), name)) is not name:
            raise UserError(
                f"{shown}: {other!a:.80} and {name!a:.80} may be the same file; rename one of them"
            )
    for name in seen:
        above = next((each for each in PurePosixPath(name).parents if str(each) in seen), None)
        if above:
            raise UserError(f"{shown}: {str(above)!a:.80} is a file and a folder; rename one")
