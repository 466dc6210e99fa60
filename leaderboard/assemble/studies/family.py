"""Leagues whose figures a study may set side by side, and what studies read from them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from leaderboard.assemble.studies.effects import Figures, complete_figures
from leaderboard.metrics import kendall
from leaderboard.metrics.registry import printed_by_seed
from leaderboard.model import Group, League, SettingTable, StudyCell, StudySource
from leaderboard.published.load import NNUNET
from leaderboard.published.load import studies as published_studies
from leaderboard.undefined import UndefinedMetricError

ALPHA = 0.1
"""Of the studies' tests (protocol section 6)."""
FEWEST = 3
"""Methods that two rankings must share to be compared."""
MOST_LINES = 12
"""Methods in a chart."""
PAPERS: Mapping[str, tuple[str, str]] = {
    "P1": ("Lüth et al. 2025 (P1)", "https://openreview.net/forum?id=AJAnmRLJjJ"),
    "P2": ("Lüth et al. 2026 (P2)", "https://openreview.net/forum?id=UamXueEaYW"),
}
"""Name and address, by the name that their rows have."""
USUAL_PATCH = "query patch"
METRICS: Mapping[str, str] = {metric.name: metric.title for metric in printed_by_seed()}
"""Titles of the metrics that studies compare, by name."""


@dataclass(frozen=True)
class Family:
    """Comparable leagues of one group, protocol and nnU-Net."""

    group: Group
    protocol: str
    """Major.Minor; empty for published figures."""
    nnunet: str
    leagues: tuple[League, ...]

    @property
    def title(self) -> str:
        """What the figures are."""
        if self.group == "published":
            return "Published"
        return f"Measured (protocol {self.protocol}, nnU-Net {self.nnunet})"

    @property
    def published(self) -> bool:
        """Whether the figures are the papers'."""
        return self.group == "published"

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Names of the methods by id."""
        return {each.id: each.name for league in self.leagues for each in league.entrants}

    @cached_property
    def keys(self) -> Mapping[str, str]:
        """A key of each method, for its look in charts, by id."""
        return {each.id: each.key for league in self.leagues for each in league.entrants}

    def ordered(self, methods: Iterable[str]) -> list[str]:
        """Methods without repetition, in the order of the leagues' cards."""
        wanted = set(methods)
        return [method for method in self.names if method in wanted]

    def sources(self, **where: str) -> tuple[StudySource, ...]:
        """The papers with the places of the figures, by ``P1`` and ``P2``; none if measured."""
        if not self.published:
            return ()
        return tuple(StudySource(*PAPERS[paper], place) for paper, place in where.items())

    def track(self, name: str) -> League | None:
        """The league of a track; of several training lengths the shortest one."""
        found = [league for league in self.leagues if league.track == name]
        return min(found, key=lambda league: league.epochs, default=None)


def families(leagues: Iterable[League]) -> tuple[Family, ...]:
    """The board's comparable leagues, in its order; other works' figures belong to none."""
    ours = {study.name for study in published_studies()}
    found: dict[tuple[Group, str, str], list[League]] = {}
    for league in leagues:
        papers = league.nnunet == NNUNET and league.track in ours
        if league.comparable and (league.group == "measured" or papers):
            versions = (league.group, league.protocol, league.nnunet)
            found.setdefault(versions, []).append(league)
    return tuple(Family(*versions, tuple(group)) for versions, group in found.items())


def place(setting: SettingTable) -> str:
    """Dataset, label regime and, where it isn't the usual one, the patch."""
    usual = setting.patch_role in {"", USUAL_PATCH}
    patch = "" if usual else f", {setting.patch_role}"
    return f"{setting.dataset} {setting.regime}".strip() + patch


def figures(league: League, setting: SettingTable) -> Mapping[str, Figures]:
    """Of the complete methods, by id."""
    return complete_figures(league, setting)


def means(league: League, setting: SettingTable, metric: str) -> Mapping[str, float]:
    """Means over seeds of the complete methods that have one, by id."""
    return {
        method: mean
        for method, (values, _) in complete_figures(league, setting).items()
        if (mean := values[metric].mean) is not None
    }


def agreement(first: Mapping[str, float], second: Mapping[str, float]) -> StudyCell | None:
    """Kendall's tau-b over the methods that both have; None where it is undefined."""
    shared = [method for method in first if method in second]
    if len(shared) < FEWEST:
        return None
    return tau([first[method] for method in shared], [second[method] for method in shared])


def tau(first: Sequence[float], second: Sequence[float]) -> StudyCell | None:
    """Kendall's tau-b with its two-sided p-value; None where it is undefined."""
    try:
        result = kendall(first, second)
    except UndefinedMetricError:
        return None
    return StudyCell(result.tau, p_value=result.p_value, significant=result.p_value < ALPHA)


def average(cells: Iterable[StudyCell | None]) -> StudyCell | None:
    """The mean of the figures that there are."""
    known = [cell for cell in cells if cell is not None]
    if not known:
        return None
    return StudyCell(sum(cell.value for cell in known) / len(known), known[0].unit)
