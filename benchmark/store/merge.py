"""Add to a pack that is there: what it had stays, or the export is refused."""

from collections.abc import Callable, Hashable
from pathlib import Path

from benchmark.store.fit import check_fit
from benchmark.store.manifest import MANIFEST, StoredPart, StoreManifest, is_stored
from benchmark.tracks import Track
from nnactive.errors import UserError
from nnactive.io.files import read_model

ELSEWHERE = "export to another folder"


def merged(out: Path, new: StoreManifest) -> StoreManifest:
    """The manifest of a pack with new parts beside those that it had.

    Args:
        out: folder of the pack; without a manifest the pack is new.
        new: of the parts to add. One that is there already must have the same files.

    Raises:
        UserError: the pack is of another track or of other data, isn't whole, or has other files
            for the same part.
    """
    if not (out / MANIFEST).is_file():
        return new
    old = read_model(out / MANIFEST, StoreManifest)
    _check(out, old, new)
    parts = {_key(part): part for part in old.parts}
    for part in new.parts:
        there = parts.setdefault(_key(part), part)
        differing = [name for name in part.files if there.files.get(name) != part.files[name]]
        if differing:
            raise UserError(f"{out / differing[0]}: the pack has another {part}; {ELSEWHERE}")
    added = {_key(part) for part in new.parts}
    for part in old.parts:
        if _key(part) not in added:
            _check_stored(out, part)
    track = _track(old.track, new.track)
    settings, seeds = [setting.name for setting in track.settings], list(track.seeds)
    for part in parts.values():
        if part.setting not in settings or part.seed not in seeds:
            raise UserError(f"{out / MANIFEST}: {part} isn't of its own track; {ELSEWHERE}")
    return new.model_copy(
        update={
            "track": track,
            "checksums": old.checksums | new.checksums,
            "parts": tuple(sorted(parts.values(), key=_order(settings, seeds))),
        }
    )


def _key(part: StoredPart) -> Hashable:
    return part.kind, part.setting, part.seed, part.method


def _order(settings: list[str], seeds: list[int]) -> Callable[[StoredPart], tuple[object, ...]]:
    """Start loops by setting and seed, then results by setting, method and seed."""

    def place(part: StoredPart) -> tuple[object, ...]:
        where, seed = settings.index(part.setting), seeds.index(part.seed)
        return part.kind != "start", where, part.method, seed

    return place


def _check(out: Path, old: StoreManifest, new: StoreManifest) -> None:
    """Refuse to put parts of different studies in one pack."""
    if old.track.name != new.track.name:
        raise UserError(f"{out}: a pack of track {old.track.name}; {ELSEWHERE}")
    try:
        check_fit(old, new.track)
    except UserError as error:
        raise UserError(f"{out}: the pack there doesn't fit: {error}; or {ELSEWHERE}") from None
    for name, checksum in new.checksums.items():
        if old.checksums.get(name, checksum) != checksum:
            raise UserError(
                f"{out}: the pack there was made from other data of {name} (checksum "
                f"{old.checksums[name][:12]}, not {checksum[:12]}); {ELSEWHERE}"
            )


def _check_stored(out: Path, part: StoredPart) -> None:
    for name, file in part.files.items():
        if not is_stored(out / name, file):
            raise UserError(
                f"{out / name}: missing or not what the pack's manifest says; restore it, or "
                f"{ELSEWHERE}"
            )


def _track(old: Track, new: Track) -> Track:
    """The track with the settings, seeds and methods of both."""
    known = {setting.name for setting in old.settings}
    return new.model_copy(
        update={
            "settings": (
                *old.settings,
                *(setting for setting in new.settings if setting.name not in known),
            ),
            "methods": tuple(dict.fromkeys((*old.methods, *new.methods))),
            "seeds": tuple(dict.fromkeys((*old.seeds, *new.seeds))),
            "left_out": old.left_out | new.left_out,
        }
    )
