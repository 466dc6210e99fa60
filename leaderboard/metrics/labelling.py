"""Labelling effort beyond voxels, and FG-Eff against it."""

from dataclasses import dataclass, replace

from leaderboard.labelling.estimate import Estimate as Minutes
from leaderboard.labelling.estimate import Work, amount, efforts
from leaderboard.metrics.fg_eff import FIT_ERROR, FIT_INTERVAL, efficiency
from leaderboard.metrics.metric import Experiments, Figure, FitMetric, OwnMetric, over_seeds
from leaderboard.model import Value
from leaderboard.read.facts import Facts
from leaderboard.undefined import Undefined, attempt

_MEAN = "mean over seeds and settings"
_SOURCE = "(protocol section 6, ours)"


@dataclass(frozen=True, kw_only=True)
class WorkMetric(OwnMetric):
    """Labelling effort of an experiment, at the rates of a reference."""

    work: Work

    def of(self, result: Facts, rates: Minutes) -> float:
        """After the final loop."""
        return amount(efforts(result)[-1], self.work, rates)

    def figure(self, experiments: Experiments) -> Figure:
        """Mean and sample standard deviation over seeds."""
        rates = experiments.reference.estimate
        found = attempt(lambda: [self.of(result, rates) for result in experiments.results])
        if isinstance(found, Undefined):
            return Figure(Value(reason=found.reason))
        return Figure(replace(over_seeds(found), low=None, high=None))


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


COMPONENTS = WorkMetric(
    name="components",
    title="Components",
    unit="components",
    help="Connected components (26-neighbourhood) of each class, counted per labelled patch, "
    f"after the final loop; {_MEAN} {_SOURCE}.",
    higher_is_better=False,
    order=152,
    work="components",
)
SLICES = WorkMetric(
    name="slices",
    title="Slices",
    unit="slices",
    help="Axial slices with foreground in the labelled patches, after the final loop; "
    f"{_MEAN} {_SOURCE}.",
    higher_is_better=False,
    order=154,
    work="slices",
)
IMAGES = WorkMetric(
    name="images",
    title="Images",
    unit="images",
    help="Images an annotator has to open: images with newly queried patches, summed over loops; "
    f"{_MEAN} {_SOURCE}.",
    higher_is_better=False,
    order=156,
    work="images",
)
MINUTES = WorkMetric(
    name="minutes",
    title="Labelling time",
    unit="min",
    help="Estimated labelling time up to the final loop, from images, slices, "
    f"components and contours at the rates in effort.yaml; {_MEAN} {_SOURCE}.",
    higher_is_better=False,
    order=158,
    work="minutes",
)
FG_EFF_COMPONENTS = _efficiency("components", "components", "labelled components", 45)
FG_EFF_SLICES = _efficiency("slices", "slices", "slices with foreground", 46)
FG_EFF_IMAGES = _efficiency("images", "images", "images opened", 47)
FG_EFF_MINUTES = _efficiency("minutes", "minutes", "estimated minutes of labelling", 48)
