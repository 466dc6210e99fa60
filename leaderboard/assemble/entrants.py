"""The cards of methods, measured and published."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from benchmark.results import Environment, ExperimentResult, ImageUsed, MethodRecord
from benchmark.submission.method_string import string_of, written
from benchmark.tracks import load_track, track_names
from leaderboard.assemble.grouping import LeagueKey, version
from leaderboard.formatting import NAME_LENGTH, plain
from leaderboard.model import Badge, Entrant
from leaderboard.published import PublishedRow
from nnactive import PROTOCOL_VERSION

SAFE = re.compile(r"[A-Za-z0-9_.,:/=+-]+")
"""What a command may contain: neither a shell nor make gives it another meaning."""


def measured_card(league: LeagueKey, results: Sequence[ExperimentResult], name: str) -> Entrant:
    """The card of a measured method, without what its league adds.

    Args:
        league: what the league's results share.
        results: all of the method's in the league, by setting and seed.
        name: unique in the league.
    """
    method = results[0].method
    return Entrant(
        key="",
        league="",
        id=plain(method.id, NAME_LENGTH),
        name=name,
        description=plain(method.description),
        reference=plain(method.reference),
        oracle=any(result.method.oracle for result in results),
        badges=_badges(results, league),
        source_hash=plain(method.source_hash, 64),
        parameters={
            plain(name, NAME_LENGTH): plain(str(value), NAME_LENGTH)
            for name, value in sorted(method.parameters.items())
        },
        environments=environments(results),
        problems=(),
        command=command(results[0]),
    )


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
        name=row.method_id.replace(",", ", ").replace("=", " = "),
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


def display_names(methods: Mapping[str, Sequence[ExperimentResult]]) -> dict[str, str]:
    """Names for people by identity; a name that several methods share is followed by the id."""
    names = {method: _display_name(results[0].method) for method, results in methods.items()}
    shared = Counter(name.casefold() for name in names.values())
    return {
        method: name
        if shared[name.casefold()] == 1
        else f"{name} ({plain(methods[method][0].method.id, NAME_LENGTH)})"
        for method, name in names.items()
    }


def _display_name(method: MethodRecord) -> str:
    return plain(method.name, NAME_LENGTH) or plain(method.id, NAME_LENGTH) or "unnamed"


def environments(results: Iterable[ExperimentResult]) -> tuple[str, ...]:
    """Machines and versions that results were made with, one per line."""
    # Few of many results differ in it, so duplicates go before formatting.
    different = {result.environment.model_dump_json(): result.environment for result in results}
    return tuple(sorted({_environment(each) for each in different.values()}))


def command(result: ExperimentResult) -> str:
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


def _badges(results: Sequence[ExperimentResult], league: LeagueKey) -> tuple[Badge, ...]:
    badges: list[Badge] = ["baseline" if results[0].method.origin == "builtin" else "submission"]
    if any(result.method.oracle for result in results):
        badges.append("oracle")
    if version(league.protocol)[:2] < version(PROTOCOL_VERSION)[:2]:
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
    parts = [f"image {image.variant}, {image.digest or 'digest unknown'}"]
    parts += [f"on {image.base}"] if image.base else []
    parts += [f"with {', '.join(image.requirements)}"] if image.requirements else []
    return " ".join([*parts, f"lock {image.lock[:12]}"])
