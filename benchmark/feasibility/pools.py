"""Which of a track's datasets are prepared: the pools that a method is asked about."""

from pathlib import Path

from benchmark.tracks import Track
from benchmark.workflow.datasets import GENERATED
from nnactive.data.prepared import INFO
from nnactive.io.models import Frozen
from nnactive.settings import Setting


class Pools(Frozen):
    """What a method is asked about; a file, as another process makes a submitted class."""

    settings: tuple[Setting, ...]
    folders: dict[str, Path]
    """Prepared datasets by name."""


def prepared_pools(track: Track, data: Path, runs: Path) -> Pools:
    """The track's settings whose datasets are prepared, and where these are.

    Args:
        track: the track.
        data: folder of the prepared datasets.
        runs: folder of the runs, below which generated datasets may be.
    """
    there: dict[str, Path] = {}
    for name in track.datasets:
        places = (data / name, runs / GENERATED / name)
        found = [folder for folder in places if (folder / INFO).is_file()]
        if found:
            there[name] = found[0].resolve()
    settings = tuple(setting for setting in track.settings if setting.dataset in there)
    return Pools(settings=settings, folders=there)
