"""Learning curves."""

from typing import TYPE_CHECKING, Any

from nnactive.errors import UserError
from nnactive.plot.pyplot import new_axes

if TYPE_CHECKING:
    import pandas as pd

NAMES = {"patches": "labelled patches", "voxels": "labelled voxels", "dice": "mean Dice"}
SIDE = 4.5


def curves(
    frame: "pd.DataFrame", *, x: str = "patches", y: str = "dice", by: str = "method"
) -> Any:
    """Draw learning curves: one line for each method, the mean over all else; seeds are thin.

    Args:
        frame: one row a loop of an experiment, as ``run.curves`` or an experiment's ``curves``.
        x: column on the horizontal axis, such as ``patches``, ``voxels`` or ``effort``.
        y: column on the vertical axis, such as ``dice`` or ``dice_CLASS``.
        by: column that tells the lines apart; a frame without it has one line.

    Returns:
        The axes.

    Raises:
        UserError: if the frame has no such column, or there is no matplotlib.
    """
    missing = [name for name in (x, y) if name not in frame]
    if missing:
        raise UserError(f"no column {missing[0]}; choose from {', '.join(map(str, frame.columns))}")
    (ax,) = new_axes(1, 1, SIDE).flat
    groups = frame.groupby(by, sort=True) if by in frame else [("", frame)]
    for name, group in groups:
        mean = group.groupby("loop")[[x, y]].mean()
        (line,) = ax.plot(mean[x], mean[y], marker="o", label=str(name))
        singles = [column for column in ("setting", "method", "seed") if column in group]
        runs = [each for _, each in group.groupby(singles)] if singles else []
        for each in runs if len(runs) > 1 else ():
            ax.plot(each[x], each[y], color=line.get_color(), alpha=0.4, linewidth=0.8)
    ax.set_xlabel(NAMES.get(x, x))
    ax.set_ylabel(NAMES.get(y, y))
    if by in frame:
        ax.legend(title=by, loc="upper left", bbox_to_anchor=(1, 1))
    return ax
