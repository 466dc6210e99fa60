"""Tables of an experiment, as pandas DataFrames."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from benchmark.results import Counts, LoopResult, dice_per_class, mean_dice

if TYPE_CHECKING:
    import pandas as pd

    from nnactive.io.queries import Query

AXES = ("z", "y", "x")


def patches_frame(queries: "Iterable[Query]") -> "pd.DataFrame":
    """Chosen patches, one a row: loop, number in the loop, case, start and size in voxels."""
    import pandas as pd

    columns = ["loop", "number", "case", *AXES, *(f"size_{axis}" for axis in AXES)]
    rows = [
        [query.loop, number, patch.case, *patch.start, *patch.size]
        for query in queries
        for number, patch in enumerate(query.patches, 1)
    ]
    return pd.DataFrame(rows, columns=columns)


def curves_frame(loops: Sequence[LoopResult], classes: Sequence[str]) -> "pd.DataFrame":
    """Learning curves, one row a loop.

    Columns: ``loop``, ``patches`` and ``voxels`` labelled so far, ``effort`` (labelled foreground
    voxels at a boundary, protocol section 6), ``dice`` (the mean), ``dice_CLASS`` and
    ``voxels_CLASS`` for each foreground class.
    """
    import pandas as pd

    rows = []
    for each in loops:
        dice = dice_per_class(each.counts)
        boundary = each.labelled_boundary
        rows.append(
            {
                "loop": each.loop,
                "patches": each.labelled_patches,
                "voxels": each.labelled_voxels,
                "effort": None if boundary is None else sum(boundary),
                "dice": mean_dice(each.counts),
                **{f"dice_{name}": float(value) for name, value in zip(classes, dice, strict=True)},
                **{
                    f"voxels_{name}": value
                    for name, value in zip(classes, each.labelled_foreground, strict=True)
                },
            }
        )
    return pd.DataFrame(rows)


def cases_frame(
    loops: Sequence[LoopResult], classes: Sequence[str], cases: Sequence[str]
) -> "pd.DataFrame":
    """Dice of each test case and foreground class after each loop, one a row.

    Not a number where neither the reference nor the prediction has the class.
    """
    import pandas as pd

    columns = ["loop", "case", "class", "dice"]
    rows = [
        [each.loop, case, name, _dice(each.counts, number, place)]
        for each in loops
        for place, case in enumerate(cases)
        for number, name in enumerate(classes)
    ]
    return pd.DataFrame(rows, columns=columns)


def _dice(counts: Counts, number: int, place: int) -> float:
    hits = 2 * counts.true_positives[number][place]
    total = hits + counts.false_positives[number][place] + counts.false_negatives[number][place]
    return hits / total if total else float("nan")
