"""matplotlib, where it is installed."""

from typing import TYPE_CHECKING

from nnactive.errors import UserError

if TYPE_CHECKING:
    import numpy as np


def new_axes(rows: int, columns: int, side: float) -> "np.ndarray":
    """Axes of a new figure, ``(rows, columns)``, each ``side`` inches wide and high.

    Raises:
        UserError: if matplotlib isn't installed.
    """
    try:
        from matplotlib import pyplot as plt
    except ImportError as error:
        raise UserError(
            "matplotlib isn't installed; run: pip install 'nnactive-bench[plot]'"
        ) from error
    size = (side * columns, side * rows)
    axes: np.ndarray = plt.subplots(
        rows, columns, figsize=size, squeeze=False, layout="constrained"
    )[1]
    return axes
