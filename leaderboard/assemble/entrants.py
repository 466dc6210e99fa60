"""The cards of methods, measured and published."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from benchmark.consistency.circumstances import own_loops
from benchmark.consistency.lookalikes import skeleton
from benchmark.consistency.names import builtin_names
from benchmark.results import Environment, ImageUsed, MethodRecord
from benchmark.submission.about.fields import About
from benchmark.submission.method_string import string_of, written
from benchmark.tracks import load_track, track_names
from leaderboard.assemble.about import facts, marks
from leaderboard.assemble.grouping import LeagueKey, version
from leaderboard.assemble.roles import proving_datasets
from leaderboard.formatting import NAME_LENGTH, plain
from leaderboard.model import Badge, Entrant
from leaderboard.published import PublishedRow
from leaderboard.read.facts import Facts
from leaderboard.read.found import Entry
from nnactive import PROTOCOL_VERSION

SAFE = re.compile(r"[A-Za-z0-9_.,:/=+-]+")
"""What a command may contain: neither a shell nor make gives it another meaning."""

THEN = ", then "
"""Joins the names of a start and of the query method of the later loops."""


def measured_card(
    league: LeagueKey, results: Sequence[Facts], name: str, entry: Entry | None = None
) -> Entrant:
    """The card of a measured method, without what its league adds.

    Args:
        league: what the league's results share.
        results: all of the method's in the league, by setting and seed.
        name: unique in the league.
        entry: the method's on the public board; None: it isn't from there.
    """
    method = results[0].method
    about = _about(results[0], entry)
    return Entrant(
        key="",
        league="",
        id=plain(method.id, NAME_LENGTH),
        name=name,
        description=plain(about.description or method.description).replace("``", ""),
        reference=plain(about.reference or method.reference),
        oracle=any(result.method.oracle for result in results),
        badges=_badges(results, league, entry),
        source_hash=plain(method.source_hash, 64),
        parameters={
            plain(name, NAME_LENGTH): plain(str(value), NAME_LENGTH)
            for name, value in sorted(method.parameters.items())
        },
        environments=environments(results),
        problems=(),
        command=command(results[0]),
        entry=plain(entry.title, 2 * NAME_LENGTH) if entry else "",
        checks=entry.checks if entry else (),
        about=facts(about) if method.origin == "submission" else {},
    )


def developed_on(result: Facts, entry: Entry | None) -> frozenset[str]:
    """Roll-out datasets that a method was developed on, as its authors say.

    Args:
        result: any of the method's.
        entry: the method's on the public board; None: it isn't from there, and nothing is known.
    """
    return proving_datasets(_about(result, entry).tuned_on or ())


def published_card(row: PublishedRow) -> Entrant:
    """The card of a published method, without what its league adds.

    Args:
        row: any of the method's.
    """
    from nnactive.methods import BUILTIN

    method = BUILTIN[row.method]
    parameter, _, value = row.params.partition("=")
    return Entrant(
        key="",
        league="",
        id=row.method_id,
        name=title_of(row.method_id.replace(",", ", ").replace("=", " = ")),
        description=(method.__doc__ or "").strip().partition("\n")[0],
        reference=method.reference,
        oracle=method.oracle,
        badges=("published", "oracle") if method.oracle else ("published",),
        source_hash="",
        parameters={parameter: value} if parameter else {},
        environments=(),
        problems=(),
        command="",
    )


def display_names(
    methods: Mapping[str, Sequence[Facts]], public: Mapping[str, Entry] | None = None
) -> dict[str, str]:
    """Names for people by identity: an entry's is what its authors call it.

    A name that may be taken for another method's, or for a built-in one's, is followed by the id.

    Args:
        methods: results of each.
        public: the public board's entry of a method, by its identity.
    """
    entries = public or {}
    names = {
        method: plain(_about(results[0], entries.get(method)).name or "", NAME_LENGTH)
        or _display_name(results[0].method)
        for method, results in methods.items()
    }
    shared = Counter(skeleton(name) for name in names.values())
    own = {method for method, results in methods.items() if results[0].method.origin == "builtin"}
    return {
        method: name
        if shared[skeleton(name)] == 1 and (method in own or skeleton(name) not in builtin_names())
        else f"{name} ({plain(methods[method][0].method.id, NAME_LENGTH)})"
        for method, name in names.items()
    }


def _about(result: Facts, entry: Entry | None) -> About:
    """What an entry's authors say about a submission; nothing about built-in methods."""
    return entry.about if entry and result.method.origin == "submission" else About()


def _display_name(method: MethodRecord) -> str:
    name = title_of(method.name) if method.origin == "builtin" else method.name
    return plain(name, NAME_LENGTH) or plain(method.id, NAME_LENGTH) or "unnamed"


def title_of(name: str) -> str:
    """What the papers call built-in methods, with the parameters that follow their names.

    >>> title_of("power_bald, beta = 5"), title_of("typiclust, then random"), title_of("mine")
    ('PowerBALD, beta = 5', 'TypiClust, then Random', 'mine')
    """
    return THEN.join(map(_title_of_one, name.split(THEN)))


def _title_of_one(name: str) -> str:
    from nnactive.methods import TITLES

    base, comma, parameters = name.partition(",")
    return TITLES.get(base, base) + comma + parameters


def environments(results: Iterable[Facts]) -> tuple[str, ...]:
    """Machines and versions that results were made with, one per line."""
    # Few of many results differ in it, so duplicates go before formatting.
    different = {result.environment.model_dump_json(): result.environment for result in results}
    return tuple(sorted({_environment(each) for each in different.values()}))


def command(result: Facts) -> str:
    """The command that runs a result's method on its track; empty where none is safe to copy."""
    track, method = result.track, result.method
    if method.start is not None:
        method = method.model_copy(update={"id": method.start})
    if method.origin == "builtin" and method.id in _track_methods(track):
        return f"make benchmark TRACK={track}"
    parameters = method.parameters.items()
    if not all(name.isidentifier() and "," not in written(value) for name, value in parameters):
        return ""  # not to be said in a METHOD
    text = string_of(method, file="path/to/file.py")
    safe = SAFE.fullmatch(text) and SAFE.fullmatch(track)
    return f"make submit METHOD={text} TRACK={track}" if safe else ""


@cache
def _track_methods(track: str) -> tuple[str, ...]:
    """Methods of a track that comes with the benchmark."""
    return load_track(track).methods if track in track_names() else ()


def _badges(results: Sequence[Facts], league: LeagueKey, entry: Entry | None) -> tuple[Badge, ...]:
    badges: list[Badge] = ["baseline" if results[0].method.origin == "builtin" else "submission"]
    if any(result.method.oracle for result in results):
        badges.append("oracle")
    if entry and results[0].method.origin == "submission":
        badges += [entry.level, *marks(entry.about)]
    if isolation := _isolation(results):
        badges.append(isolation)
    if version(league.protocol)[:2] < version(PROTOCOL_VERSION)[:2]:
        badges.append("outdated protocol")
    return tuple(badges)


def _isolation(results: Sequence[Facts]) -> Badge | None:
    """What readers must know of how a submission's code was kept from labels."""
    loops = [loop for result in results for loop in own_loops(result.loops, result.method)]
    if results[0].method.origin == "builtin" or not loops:
        return None
    ways = {loop.isolation for loop in loops}
    if "none" in ways:
        return "not isolated"
    return "isolation unknown" if None in ways else None


def _environment(environment: Environment) -> str:
    accelerator = environment.accelerator or "no accelerator"
    packages = ", ".join(
        f"{name} {number}" for name, number in sorted(environment.packages.items())
    )
    return plain(
        f"{environment.cpu}, {environment.cores} cores; {accelerator}; "
        f"Python {environment.python}; {packages}; commit {environment.commit}; "
        f"{_image(environment.image)}",
        limit=2000,
    )


def _image(image: ImageUsed | None) -> str:
    if image is None:
        return "no container"
    parts = [f"image {image.variant}, {image.digest or 'digest unknown'}"]
    parts += [f"on {image.base}"] if image.base else []
    parts += [f"with {', '.join(image.requirements)}"] if image.requirements else []
    return " ".join([*parts, f"lock {image.lock[:12]}"])
