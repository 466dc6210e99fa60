"""Whether the queries that a run takes from another track are there, before anything is trained."""

import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmark import layout
from benchmark.layout import Experiment
from benchmark.tracks import Track, track_names
from nnactive.errors import UserError


def check_sources(root: Path, track: Track, experiments: Iterable[Experiment]) -> None:
    """Check that the other track's runs have chosen all queries that are still to be taken.

    Args:
        root: the track's folder.
        track: gives the settings.
        experiments: what is to be run.

    Raises:
        UserError: names the first file that is missing, and what to run first.
    """
    if track.taken_from is None:
        return
    missing = [*_missing(root, track, experiments)]
    if not missing:
        return
    source, file = missing[0]
    more = len(missing) - 1
    others = f", nor those of {more} more experiment{'s' if more > 1 else ''}" if more else ""
    first = (
        shlex.join(["nnactive-bench", "track", "run", source, "--runs", str(root.parent)])
        if source in track_names()
        else f"track {source} in {root.parent}"
    )
    raise UserError(
        f"{root.parent / source / file}: not there{others}; track {track.name} trains on the "
        f"queries of track {source}: first run {first}"
    )


def _missing(
    root: Path, track: Track, experiments: Iterable[Experiment]
) -> Iterator[tuple[str, Path]]:
    """Track and first missing file, of each experiment that lacks one."""
    settings = {setting.name: setting for setting in track.settings}
    for experiment in experiments:
        setting = settings[experiment.setting]
        if setting.queries is None:
            continue
        source = setting.queries.track
        for loop in range(1, setting.loops):
            file = layout.query_file(experiment, loop)
            if not (root / file).exists() and not (root.parent / source / file).exists():
                yield source, file
                break
