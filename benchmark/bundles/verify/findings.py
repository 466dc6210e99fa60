"""What a check of a bundle found; every check is a generator of problems."""

import time
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Final, Literal, TypeVar

from nnactive.errors import NnactiveError
from nnactive.texts import plain

State = Literal["ok", "FAILED", "not checked"]
Problems = Generator[str, None, str]
"""Problems, one line each; returns what was checked, in words."""
Evidence = TypeVar("Evidence")
Check = Callable[[Evidence], Problems]
LONGEST: Final = 300
"""Characters of one line."""
MOST: Final = 1000
"""Problems of one check that are counted."""
SECONDS: Final = 5.0
"""For counting them."""


@dataclass(frozen=True)
class Finding:
    """The outcome of one check."""

    check: str
    """Its name, in a word or two."""
    state: State
    detail: str
    """One line: what was checked, the first problem, or why nothing was checked."""


class NotCheckedError(Exception):
    """A check lacks what it compares with; the message says what."""


def judged(name: str, check: Check[Evidence], evidence: Evidence) -> Finding:
    """Run a check to its first problem, and count the others."""
    problems = check(evidence)
    try:
        first = next(problems)
    except StopIteration as end:
        return Finding(name, "ok", plain(end.value, LONGEST))
    except NotCheckedError as error:
        return Finding(name, "not checked", plain(str(error), LONGEST))
    except (NnactiveError, ArithmeticError, LookupError, TypeError, ValueError, OSError) as error:
        # Other checks have refused what made it fail, or it is what they look for.
        return Finding(
            name, "FAILED", plain(f"can't be judged: {error or type(error).__name__}", LONGEST)
        )
    more = _counted(problems)
    others = f" ({more} more like this)" if more else ""
    return Finding(name, "FAILED", plain(first, LONGEST) + others)


def failures(findings: Iterable[Finding]) -> list[Finding]:
    """Findings whose state is FAILED."""
    return [each for each in findings if each.state == "FAILED"]


def _counted(problems: Problems) -> int:
    end = time.monotonic() + SECONDS
    try:
        return sum(1 for _ in takewhile(lambda _: time.monotonic() < end, islice(problems, MOST)))
    except Exception:  # noqa: BLE001  (the check has failed already)
        return 0
