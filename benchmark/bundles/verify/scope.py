"""Whether a bundle has all of its track, and the track is what it says."""

from collections.abc import Iterator

from benchmark.bundles.verify.evidence import Evidence, called
from benchmark.bundles.verify.findings import Problems
from benchmark.consistency.loops import of_loops
from benchmark.tracks import Track, load_track, track_names
from nnactive import PROTOCOL_VERSION


def protocol(evidence: Evidence) -> Problems:
    """One protocol version everywhere, which this release knows."""
    said = evidence.record.protocol_version
    if evidence.known_track().protocol_version != said:
        yield f"the track is of protocol {evidence.known_track().protocol_version}, not {said}"
    for key, result in evidence.known_results().items():
        if result.protocol_version != said:
            theirs = result.protocol_version
            yield f"the result of {called(key)} is of protocol {theirs}, not {said}"
    ours, known = _version(PROTOCOL_VERSION), _version(said)
    if known is None:
        yield f"'{said}' is no version of the protocol"
    elif ours is not None and known > ours:
        yield f"protocol {said} is newer than this release's, {PROTOCOL_VERSION}; update it"
    return f"protocol {said} everywhere"


def track(evidence: Evidence) -> Problems:
    """The track has the name that all files give it, and is this release's track of that name."""
    found = evidence.known_track()
    if evidence.record.track != found.name or evidence.record.comparable != found.comparable:
        yield f"bundle.json tells of another track than track.json, which is '{found.name}'"
    for key, result in evidence.known_results().items():
        if (result.track, result.comparable) != (found.name, found.comparable):
            yield f"the result of {called(key)} is of the track '{result.track}'"
    if found.taken_from:
        yield f"it trains on queries of the track '{found.taken_from}', so it can't be submitted"
    if found.name not in track_names():
        for name, ids in found.left_out.items():
            if evidence.record.method.id in ids:
                yield f"the author's track leaves the method out of the setting {name}"
        return f"'{found.name}' is a track of the author's own: comparable with nothing else"
    ours = load_track(found.name)
    if _version(found.protocol_version) != _version(ours.protocol_version):
        return f"'{found.name}' of protocol {found.protocol_version}, which isn't compared"
    yield from _changes(found, ours)
    return f"'{found.name}' as this release has it"


def experiments(evidence: Evidence) -> Problems:
    """There is a result for each setting and seed of the track, made with that setting."""
    settings = {setting.name: setting for setting in evidence.known_track().settings}
    for key in evidence.wanted:
        result = evidence.results.get(key)
        if result is None:
            yield f"{called(key)}: no result"
            continue
        wanted = settings[key[0]]
        for field, value in wanted:
            other = getattr(result.setting, field)
            if other != value:
                yield f"{called(key)}: the setting's {field} is {other!r:.60}, not {value!r:.60}"
        if result.seed != key[1]:
            yield f"{called(key)}: the result is of seed {result.seed}"
    failed = sum(result.status == "failed" for result in evidence.results.values())
    told = f", {failed} of them failed" if failed else ""
    return f"all settings and seeds of the track: {len(evidence.wanted)}{told}"


def loops(evidence: Evidence) -> Problems:
    """A complete experiment has all loops; one that failed says why."""
    yield from evidence.of_results(of_loops)
    return f"{sum(len(r.loops) for r in evidence.results.values())} loops, numbered from 0"


def _changes(found: Track, ours: Track) -> Iterator[str]:
    theirs = {setting.name: setting for setting in found.settings}
    wanted = {setting.name: setting for setting in ours.settings}
    for name in sorted(wanted.keys() - theirs.keys()):
        yield f"the track '{ours.name}' has the setting {name}, which is missing here"
    for name in sorted(theirs.keys() - wanted.keys()):
        yield f"the track '{ours.name}' has no setting {name}"
    for name in sorted(theirs.keys() & wanted.keys()):
        if theirs[name] != wanted[name]:
            yield f"setting {name} isn't as the track '{ours.name}' of this release has it"
    for field in ("seeds", "query", "comparable", "left_out"):
        if getattr(found, field) != getattr(ours, field):
            yield f"{field} of the track '{ours.name}': {getattr(found, field)!r:.60}"


def _version(text: str) -> tuple[int, int] | None:
    """Major and minor of a version."""
    parts = text.split(".")
    plain = len(parts) > 1 and all(part.isascii() and part.isdigit() for part in parts[:2])
    return (int(parts[0]), int(parts[1])) if plain else None
