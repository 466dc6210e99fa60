"""Which isolation this machine can give, and which one is used: the user's wish, or the best."""

import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from benchmark.firewall import landlock
from benchmark.firewall.box import Box
from benchmark.firewall.remedies import kernel_settings, remedy
from benchmark.firewall.run import run_boxed
from benchmark.firewall.walls import seccomp
from nnactive.answers.isolation import Isolation
from nnactive.errors import NnactiveError, UserError

BEST_FIRST: Final[tuple[Isolation, ...]] = ("bubblewrap", "landlock")
AUTO: Final = "auto"
WISHES: Final = (AUTO, *BEST_FIRST, "none")
"""What a user may ask for."""
WISH: Final = "NNACTIVE_ISOLATION"
"""Environment variable with the wish, for this process and all that it starts."""
TRIED: Final = "NNACTIVE_ISOLATION_TRIED"
"""Environment variable with the way that works here, so that not every step tries anew."""


def best_way() -> Isolation:
    """The isolation that a method's code gets here.

    Raises:
        UserError: the user's wish can't be had; says why, and the way out.
    """
    wished = wish()
    for way in (*BEST_FIRST, "none"):
        if wished in {AUTO, way} and os.environ.get(TRIED) == way:
            return way
        if wished == way and (reason := why_not(way)):
            raise UserError(f"--isolation {way}: {_with_remedy(way, reason)}")
        if wished == way:
            return way
    return strongest()


@functools.cache
def strongest() -> Isolation:
    """The strongest isolation that works here, tried once a process."""
    return next((way for way in BEST_FIRST if not why_not(way)), "none")


@functools.cache
def why_not(way: Isolation) -> str:
    """Why a kind of isolation doesn't work here, tried with an empty box; empty if it does."""
    if way not in BEST_FIRST:
        return ""
    if seccomp.architecture() is None:
        return "works on Linux alone, on x86_64 or aarch64"
    if way == "landlock" and (reason := landlock.why_not()):
        return reason
    try:
        ended = run_boxed(Box(), _nothing, way)
    except (NnactiveError, OSError) as error:
        return str(error)
    return "" if ended.code == 0 else f"an empty box ended with status {ended.code}"


def wish() -> str:
    """What the user asked for.

    Raises:
        UserError: it's none of `WISHES`.
    """
    given = os.environ.get(WISH) or AUTO
    if given not in WISHES:
        raise UserError(f"{WISH}={given}: no kind of isolation; choose from {', '.join(WISHES)}")
    return given


@contextmanager
def wished(given: str) -> Iterator[None]:
    """Have ``given`` as the wish in the block; auto leaves what the environment says."""
    before = os.environ.get(WISH)
    if given != AUTO:
        os.environ[WISH] = given
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(WISH, None)
        else:
            os.environ[WISH] = before


def tried() -> dict[str, str]:
    """For the environment of steps: the way that works here.

    Raises:
        UserError: see `best_way`.
    """
    return {TRIED: best_way()}


def remarks() -> str:
    """What a user must know who runs methods without isolation; empty where there is one.

    Raises:
        UserError: see `best_way`.
    """
    if best_way() != "none":
        return ""
    told = "note: isolation: none: a method's code could read all labels"
    if wish() != AUTO:
        return told
    return f"{told}; bubblewrap {_with_remedy('bubblewrap', why_not('bubblewrap'))}"


def reasons() -> dict[Isolation, str]:
    """Why each way doesn't work here, with the way out; empty for one that does."""
    return {way: why_not(way) and _with_remedy(way, why_not(way)) for way in BEST_FIRST}


def _with_remedy(way: Isolation, reason: str) -> str:
    advice = remedy(way, reason, kernel_settings())
    return f"can't be used here: {reason}" + (f"; {advice}" if advice else "")


def _nothing() -> None:
    """The work of an empty box."""
