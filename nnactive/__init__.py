"""Active learning for 3D biomedical segmentation on stock nnU-Net."""

from pathlib import Path
from typing import Any

PROTOCOL_VERSION = "1.0"

_OPENERS = "nnactive.open"


def open(run: str | Path, *, data: str | Path | None = None) -> Any:  # noqa: A001
    """Open a run in Python, to look at it: ``nnactive.open("runs/demo")``.

    ``run[setting, method, seed]`` is an experiment: its ``patches``, ``curves`` and ``cases`` are
    DataFrames, ``result`` is its result, ``chosen(loop)`` a loop's patches, and ``pool(loop)`` the
    pool as that loop's query saw it, with the predictions of the ensemble before.

    Args:
        run: the track's folder, RUNS/TRACK.
        data: folder of the prepared datasets; None: where the run's training folders lead.

    Returns:
        What the installed entry point of the group ``nnactive.open`` makes of it.

    Raises:
        UserError: if the folder isn't that of a track's run.
    """
    from importlib.metadata import entry_points

    from nnactive.errors import UserError

    for each in sorted(entry_points(group=_OPENERS), key=lambda each: each.name):
        return each.load()(Path(run), None if data is None else Path(data))
    raise UserError(f"{run}: nothing installed can open runs; install nnactive-bench again")
