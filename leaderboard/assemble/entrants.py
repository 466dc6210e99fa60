"""The cards of a measured league's entrants."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from benchmark.results import Environment, ExperimentResult, ImageUsed, MethodRecord
from benchmark.submission.method_string import string_of
from benchmark.tracks import load_track, track_names
from leaderboard.assemble.grouping import LeagueKey, version
from leaderboard.formatting import NAME_LENGTH, plain
from leaderboard.model import Badge, Entrant, Row
from nnactive import PROTOCOL_VERSION

SAFE = re.compile(r"[A-Za-z0-9_.,:/=+-]+")
"""What a command may hold: no shell and no make takes it for anything but text."""


def make_entrant(
    key: str,
    league: str,
    names: LeagueKey,
    results: Sequence[ExperimentResult],
    row: Row,
    name: str,
) -> Entrant:
    """The card of one method.

    Args:
        key: of the entrant.
        league: key of the league.
        names: what the league's results share.
        results: all of the method's in the league, by setting and seed.
        row: its row over all settings that the main table compares.
        name: that no other method of the league bears.
    """
    method = results[0].method
    return Entrant(
        key=key,
        league=league,
        id=plain(method.id, NAME_LENGTH),
        name=name,
        description=plain(method.description),
        reference=plain(method.reference),
        oracle=any(result.method.oracle for result in results),
        badges=_badges(results, names, row),
        source_hash=plain(method.source_hash, 64),
        parameters={
            plain(name, NAME_LENGTH): plain(str(value), NAME_LENGTH)
            for name, value in sorted(method.parameters.items())
        },
        environments=environments(results),
        problems=row.notes,
        command=command(results[0]),
    )


def display_names(methods: Mapping[str, Sequence[ExperimentResult]]) -> dict[str, str]:
    """Names for people by identity; one that several methods bear has the id behind it."""
    names = {method: _display_name(results[0].method) for method, results in methods.items()}
    borne = Counter(name.casefold() for name in names.values())
    return {
        method: name
        if borne[name.casefold()] == 1
        else f"{name} ({plain(methods[method][0].method.id, NAME_LENGTH)})"
        for method, name in names.items()
    }


def _display_name(method: MethodRecord) -> str:
    return plain(method.name, NAME_LENGTH) or plain(method.id, NAME_LENGTH) or "unnamed"


def environments(results: Iterable[ExperimentResult]) -> tuple[str, ...]:
    """Machines and versions that results were made with, a line each."""
    # Few of many results differ in it, so they are told apart before they are written.
    different = {result.environment.model_dump_json(): result.environment for result in results}
    return tuple(sorted({_environment(each) for each in different.values()}))


def command(result: ExperimentResult) -> str:
    """The command that runs a result's method on its track; empty where it can't be said safely."""
    track, method = result.track, result.method
    if method.origin == "builtin" and method.id in _own_methods(track):
        return f"make benchmark TRACK={track}"
    text = string_of(method, file="path/to/file.py")
    safe = SAFE.fullmatch(text) and SAFE.fullmatch(track)
    return f"make submit METHOD={text} TRACK={track}" if safe else ""


@cache
def _own_methods(track: str) -> tuple[str, ...]:
    """METHODs of a track that comes with the benchmark."""
    return load_track(track).methods if track in track_names() else ()


def _badges(results: Sequence[ExperimentResult], names: LeagueKey, row: Row) -> tuple[Badge, ...]:
    badges: list[Badge] = ["baseline" if results[0].method.origin == "builtin" else "submission"]
    if any(result.method.oracle for result in results):
        badges.append("oracle")
    if row.status != "complete":
        badges.append(row.status)
    if version(names.protocol)[:2] < version(PROTOCOL_VERSION)[:2]:
        badges.append("outdated protocol")
    return tuple(badges)


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
    parts = [f"image {image.variant}, {image.digest or 'digest not told'}"]
    parts += [f"on {image.base}"] if image.base else []
    parts += [f"with {', '.join(image.requirements)}"] if image.requirements else []
    return " ".join([*parts, f"lock {image.lock[:12]}"])
