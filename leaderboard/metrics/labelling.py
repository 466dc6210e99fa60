"""Labelling effort beyond voxels, and FG-Eff against it."""

from leaderboard.labelling.estimate import Work, amount, efforts
from leaderboard.metrics.fg_eff import FIT_ERROR, FIT_INTERVAL, efficiency
from leaderboard.metrics.metric import CostMetric, FitMetric

_MEAN = "mean over seeds and settings"
_SOURCE = "(protocol section 6, ours)"


def _work(work: Work, title: str, unit: str, about: str, order: int) -> CostMetric:
    """One kind of work, up to the final loop."""
    return CostMetric(
        name=work,
        title=title,
        unit=unit,
        help=f"{about}; {_MEAN} {_SOURCE}.",
        higher_is_better=False,
        order=order,
        cost=lambda result, reference: amount(efforts(result)[-1], work, reference.estimate),
    )


def _efficiency(work: Work, title: str, per: str, order: int) -> FitMetric:
    """FG-Eff against one kind of work."""
    return FitMetric(
        name=f"fg_eff_{work}",
        title=f"FG-Eff ({title})",
        unit="",
        help=f"As FG-Eff, per {per} as a fraction of those for labelling the whole pool; "
        f"{FIT_INTERVAL} {_SOURCE}.",
        higher_is_better=True,
        order=order,
        fit=lambda runs, reference: efficiency(runs, reference, work),
        spread=FIT_ERROR,
    )


COMPONENTS = _work(
    "components",
    "Components",
    "components",
    "Connected components (26-neighbourhood) of each class, counted per labelled patch, after the "
    "final loop",
    152,
)
SLICES = _work(
    "slices",
    "Slices",
    "slices",
    "Axial slices with foreground in the labelled patches, after the final loop",
    154,
)
IMAGES = _work(
    "images",
    "Images",
    "images",
    "Images an annotator has to open: images with newly queried patches, summed over loops",
    156,
)
MINUTES = _work(
    "minutes",
    "Labelling time",
    "min",
    "Estimated labelling time up to the final loop, from images, slices, components and contours "
    "at the rates in effort.yaml",
    158,
)
FG_EFF_COMPONENTS = _efficiency("components", "components", "labelled components", 45)
FG_EFF_SLICES = _efficiency("slices", "slices", "slices with foreground", 46)
FG_EFF_IMAGES = _efficiency("images", "images", "images opened", 47)
FG_EFF_MINUTES = _efficiency("minutes", "minutes", "estimated minutes of labelling", 48)
