"""What only one method's card or a comparison of two methods needs; loaded on demand."""

from collections.abc import Mapping
from dataclasses import dataclass, field

DECIMALS = 3
"""Of every figure here, so that the command line and the page's script compute from the same."""


@dataclass(frozen=True)
class MethodInSetting:
    """A method's complete experiments in one setting, by seed, loop and class.

    Dice and fractions are in percent; None where no test case has the class. Of published methods
    only ``printed`` is known.
    """

    setting: str
    """Key of the setting."""
    seeds: tuple[int, ...] = ()
    patches: tuple[int, ...] = ()
    """Labelled patches by loop."""
    dice: tuple[tuple[float, ...], ...] = ()
    """Mean Dice, ``[seed][loop]``."""
    class_dice: tuple[tuple[float | None, ...], ...] = ()
    """Mean over seeds, ``[loop][class]``."""
    class_labelled: tuple[tuple[float | None, ...], ...] = ()
    """Labelled fraction of the class's voxels in the pool, mean over seeds, ``[loop][class]``."""
    final_class_dice: tuple[tuple[float | None, ...], ...] = ()
    """After the final loop, ``[seed][class]``."""
    figures: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """One value per seed of the metrics that have them (``aubc``), in the columns' units."""
    curves: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """Further figures by loop, mean over seeds, by the name in ``metrics.curves``."""
    foreground: tuple[tuple[float, ...], ...] = ()
    """Labelled fraction of the pool's foreground, ``[seed][loop]``."""
    query_seconds: tuple[float, ...] = ()
    """Mean over seeds, by loop; 0 in a loop without a query."""
    train_seconds: tuple[float, ...] = ()
    """All folds of a loop one after another, mean over seeds, by loop."""
    query_gib: tuple[float, ...] = ()
    """Peak memory of the process, largest of all seeds, by loop; 0 in a loop without a query."""
    train_gib: tuple[float, ...] = ()
    """Likewise, of the largest training."""
    labelling: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """What labelling has taken so far, mean over seeds by loop: components, slices, images,
    minutes; empty: not counted."""
    pictures: tuple[str, ...] = ()
    """Montages of its queries as data URIs; empty where no run is at hand."""
    pictured: tuple[int, ...] = ()
    """The loop of each."""
    left_out: int = 0
    """Number of further montages, left out to keep the page small."""
    first: str = field(default="", repr=False)
    """``Facts.content`` of the first seed, by which its files are found; not in any output."""
    printed: Mapping[str, tuple[float, float | None]] = field(default_factory=dict)
    """Mean and standard deviation over seeds by metric, where single seeds aren't known."""
    printed_seeds: int = 0
    """Over how many seeds."""
