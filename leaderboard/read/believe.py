"""Whom the board believes: a stranger's file can only ever concern its own row.

``origin: builtin`` is a word in a file. Results of built-in methods are what all others are
measured against, so they need evidence as soon as any result of their track has some.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from leaderboard.model import LeftOut
from leaderboard.read.facts import Facts
from leaderboard.read.found import Found
from leaderboard.read.groups import SHARED, GroupKey, group_key, identity

CLAIMS = "claims to be built in, but no local run sealed it and it isn't among the benchmark's own"


def believed(found: Sequence[Found]) -> tuple[list[Found], set[LeftOut]]:
    """The results that may be on the board, and those that claim what nothing vouches for.

    Where something vouches for a track's baselines, other results that claim to be built in are
    left out, and so are results of a setting that no such baseline shares: under its name they
    would be other experiments. Without any evidence, results count as they are.
    """
    strong = [each for each in found if each.vouched and each.builtin]
    tracks = {each.result.track for each in strong}
    settings: dict[tuple[str, str], set[GroupKey]] = defaultdict(set)
    for each in strong:
        settings[_setting(each.result)].add(group_key(each.result))
    kept, left_out = [], set()
    for each in found:
        reason = _problem(each, tracks, settings.get(_setting(each.result), set()))
        if reason:
            left_out.add(LeftOut(each.label, reason))
        else:
            kept.append(each)
    return kept, left_out


def told_apart(found: Sequence[Found]) -> list[Found]:
    """The results with another id where entries of the public board have a method in common.

    Whoever hands in another's code again gets a row of its own, and changes no other's.
    """
    owners: dict[str, set[str]] = defaultdict(set)
    for each in found:
        if each.entry and not each.builtin:
            owners[identity(each.result.method)].add(each.entry.name)
    return [
        _renamed(each, each.entry.name)
        if each.entry and len(owners[identity(each.result.method)]) > 1
        else each
        for each in found
    ]


def _renamed(each: Found, entry: str) -> Found:
    method = each.result.method
    method = method.model_copy(update={"id": f"{method.id} [{entry}]"})
    return replace(each, result=replace(each.result, method=method))


def unvouched(found: Iterable[Found]) -> tuple[str, ...]:
    """Tracks with results of built-in methods that nothing vouches for."""
    return tuple(sorted({e.result.track for e in found if e.builtin and not e.vouched}))


def _setting(result: Facts) -> tuple[str, str]:
    return result.track, result.setting.name


def _problem(each: Found, tracks: set[str], known: set[GroupKey]) -> str:
    """Why a result isn't believed; empty if it is."""
    if each.vouched:
        return ""
    if each.builtin:
        return CLAIMS if each.entry or each.result.track in tracks else ""
    return _foreign(group_key(each.result), known) if known else ""


def _foreign(key: GroupKey, known: set[GroupKey]) -> str:
    """How a result differs from the baseline of its setting most like it; empty: it fits."""
    differences = (
        [words for name, words in SHARED.items() if getattr(key, name) != getattr(other, name)]
        for other in known
    )
    fewest = min(differences, key=lambda words: (len(words), words))
    return f"{' and '.join(fewest)}: not as in any baseline of this setting" if fewest else ""
