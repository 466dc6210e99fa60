"""Two methods of a league side by side: where they differ, by how much, and how sure that is.

The page's script (``page/scripts/methods/contrast.js``) computes the same from the same figures.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from leaderboard.formatting import counted, shown
from leaderboard.metrics.length_difference import Sample
from leaderboard.metrics.paired import Contrast, over, paired, unpaired
from leaderboard.model import Column, Entrant, League, MethodInSetting, SettingTable
from nnactive.errors import UserError

MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class InSetting:
    """The difference in one setting."""

    setting: SettingTable
    first: float
    """Mean over the seeds that both methods have."""
    second: float
    contrast: Contrast
    loops: tuple[tuple[int, Contrast], ...] = ()
    """Labelled patches and difference of Mean Dice; empty where loops aren't known."""


@dataclass(frozen=True)
class InClass:
    """The difference of a class's Dice after the final loop, over a dataset's settings."""

    dataset: str
    name: str
    contrast: Contrast


@dataclass(frozen=True)
class Comparison:
    """First minus second method throughout."""

    first: Entrant
    second: Entrant
    column: Column
    """The metric that decides who is ahead."""
    settings: tuple[InSetting, ...]
    """Those of the main table in which both methods have the metric."""
    total: Contrast | None
    """Mean over the settings; None without any."""
    loops: tuple[Contrast, ...]
    """Mean over the settings by loop, as far as all of them have it."""
    classes: tuple[InClass, ...]
    """Largest difference first."""
    is_paired: bool
    """Whether seeds are paired; otherwise only means and standard deviations are known."""

    @property
    def better(self) -> int:
        """Sign of a difference by which the first method is ahead: -1 where lower is better."""
        return -1 if self.column.higher_is_better is False else 1

    def ahead(self, sign: int) -> tuple[int, int]:
        """In how many settings the first (1) or second (-1) method is ahead; significantly."""
        sign *= self.better
        won = [one.contrast for one in self.settings if sign * one.contrast.mean > 0]
        return len(won), sum(contrast.significant for contrast in won)


def metrics(league: League, first: str, second: str) -> list[Column]:
    """What two methods can be compared by: the metric of the ranks first.

    Args:
        league: theirs.
        first: key of a method.
        second: key of another.
    """
    pairs = list(_pairs(league, first, second))
    found = [
        column for column in league.columns if any(_both(column.name, a, b) for _, a, b in pairs)
    ]
    ranked_by = league.views[0].ranked_by if league.views else ""
    return sorted(found, key=lambda column: column.name != ranked_by)


def compare(league: League, first: str, second: str, metric: str = "") -> Comparison:
    """Compare two methods in all settings of the main table that they share.

    Args:
        league: theirs.
        first: key of a method.
        second: key of another.
        metric: name of a column; empty: the first of ``metrics``.

    Raises:
        UserError: They share no setting with such a figure.
    """
    cards = {entrant.key: entrant for entrant in league.entrants}
    columns = [c for c in metrics(league, first, second) if metric in {"", c.name}]
    if not columns:
        names = " and ".join(cards[key].name for key in (first, second))
        raise UserError(f"{names}: no setting in which both have {metric or 'a figure'}")
    pairs = [
        each for each in _pairs(league, first, second) if _both(columns[0].name, each[1], each[2])
    ]
    settings = tuple(_in_setting(columns[0].name, *each) for each in pairs)
    contrasts = [one.contrast for one in settings]
    by_loop = zip_longest(*([contrast for _, contrast in one.loops] for one in settings))
    loops = [[one for one in each if one is not None] for each in by_loop]
    return Comparison(
        first=cards[first],
        second=cards[second],
        column=columns[0],
        settings=settings,
        total=over(contrasts) if contrasts else None,
        loops=tuple(over(each) for each in loops if len(each) == len(settings)),
        classes=_classes(pairs),
        is_paired=any(a.seeds for _, a, _ in pairs),
    )


def sentence(compared: Comparison) -> str:
    """The comparison in words."""
    total, column = compared.total, compared.column
    names = [card.name for card in (compared.first, compared.second)]
    if total is None:
        return f"{names[0]} and {names[1]} have no setting in common."
    towards = -1 if total.mean < 0 else 1
    sign = towards * compared.better
    lead, other = names[::sign]
    unit = " percentage points" if column.unit == "%" else f" {column.unit}".rstrip()
    gap = shown(abs(total.mean), column.unit)
    count = len(compared.settings)
    scope = f" on average over {count} settings" if count > 1 else ""
    if total.half is None:
        some = any(one.contrast.half is not None for one in compared.settings)
        seeds = "a single seed in some settings" if some else "a single seed"
        return (
            f"{lead} leads {other} by {gap}{unit} of {column.title}{scope}, but {seeds} gives "
            "no interval: the gap may be noise."
        )
    ends = sorted((towards * (total.mean - total.half), towards * (total.mean + total.half)))
    interval = " to ".join(signed(end, column.unit, plus=False) for end in ends)
    (wins, sure), (losses, sure_losses) = compared.ahead(sign), compared.ahead(-sign)
    places = f"{lead} is ahead in {wins} of {counted(count, 'setting')} ({sure} significantly)"
    places = f"{places}, {other} in {losses} ({sure_losses} significantly)."
    if wins == count:
        places = f"{lead} is ahead in all of them, significantly in {sure}."
    if not total.significant:
        said = (
            f"{names[0]} and {names[1]} cannot be told apart by {column.title}{scope}: {lead} is "
            f"{gap}{unit} ahead (95 % interval {interval})."
        )
    elif sure_losses:
        said = (
            f"{lead} leads {other} by {gap}{unit} of {column.title}{scope} (95 % interval "
            f"{interval}), but which one is better depends on the setting."
        )
    else:
        said = (
            f"{lead} beats {other} by {gap}{unit} of {column.title}{scope} "
            f"(95 % interval {interval})."
        )
    return said if count == 1 else f"{said} {places}"


def method(league: League, named: str) -> str | None:
    """Key of the method with this id, name or key; None if the league has none."""
    for name in ("id", "name", "key"):
        for card in league.entrants:
            if getattr(card, name) == named:
                return card.key
    return None


def lines(compared: Comparison) -> list[tuple[str, ...]]:
    """By setting, then the mean over them: both methods' means, the difference, its interval."""
    unit = compared.column.unit
    table: list[tuple[str, ...]] = [
        (
            one.setting.name,
            shown(one.first, unit),
            shown(one.second, unit),
            *_beside(one.contrast, unit),
        )
        for one in compared.settings
    ]
    if compared.total is not None and len(table) > 1:
        count = len(table)
        means = [
            sum(getattr(one, side) for one in compared.settings) for side in ("first", "second")
        ]
        table.append(
            ("mean", *(shown(each / count, unit) for each in means), *_beside(compared.total, unit))
        )
    return table


def basis(compared: Comparison) -> str:
    """Which test the intervals come from."""
    if all(one.contrast.half is None for one in compared.settings):
        return "Differences between single seeds: there are no intervals."
    if compared.is_paired:
        return (
            "95 % intervals: Student's t over differences paired by seed; not corrected "
            "for the number of settings."
        )
    return (
        "95 % intervals: unpaired Student's t with pooled variance, from printed means and "
        "standard deviations; not corrected for the number of settings."
    )


def _beside(contrast: Contrast, unit: str) -> tuple[str, str, str]:
    """Difference, interval, and a star where it is significant."""
    star = "*" if contrast.significant else ""
    if contrast.low is None or contrast.high is None:
        return signed(contrast.mean, unit), "", star
    ends = (signed(end, unit) for end in (contrast.low, contrast.high))
    return signed(contrast.mean, unit), " to ".join(ends), star


def signed(value: float, unit: str, *, plus: bool = True) -> str:
    """A difference with its sign.

    >>> signed(1.25, "%"), signed(-0.04, "%")
    ('+1.3', '0.0')
    """
    text = shown(abs(value), unit)
    if not text.strip("0."):
        return text
    return (MINUS if value < 0 else "+" if plus else "") + text


def _pairs(
    league: League, first: str, second: str
) -> Iterator[tuple[SettingTable, MethodInSetting, MethodInSetting]]:
    """The settings of the main table in which both methods have figures."""
    known = [
        {each.setting: each for each in league.details.get(key, ())} for key in (first, second)
    ]
    shown_there = league.views[0].settings if league.views else ()
    for setting in league.settings:
        if setting.key in shown_there and all(setting.key in one for one in known):
            yield setting, known[0][setting.key], known[1][setting.key]


def _both(metric: str, first: MethodInSetting, second: MethodInSetting) -> bool:
    if metric in first.figures and metric in second.figures:
        return bool({*first.seeds} & {*second.seeds})
    return metric in first.printed and metric in second.printed


def _common(first: MethodInSetting, second: MethodInSetting) -> list[tuple[int, int]]:
    """Places of the seeds that both methods have."""
    places = {seed: place for place, seed in enumerate(second.seeds)}
    return [(n, places[seed]) for n, seed in enumerate(first.seeds) if seed in places]


def _in_setting(
    metric: str, setting: SettingTable, first: MethodInSetting, second: MethodInSetting
) -> InSetting:
    if metric not in first.figures or metric not in second.figures:
        samples = [_sample(each, metric) for each in (first, second)]
        return InSetting(setting, samples[0].mean, samples[1].mean, unpaired(*samples))
    seeds = _common(first, second)
    a, b = (
        [first.figures[metric][n] for n, _ in seeds],
        [second.figures[metric][n] for _, n in seeds],
    )
    loops = [
        (
            budget,
            paired(
                [first.dice[n][loop] for n, _ in seeds],
                [second.dice[n][second.patches.index(budget)] for _, n in seeds],
            ),
        )
        for loop, budget in enumerate(first.patches)
        if budget in second.patches
    ]
    return InSetting(setting, sum(a) / len(a), sum(b) / len(b), paired(a, b), tuple(loops))


def _sample(each: MethodInSetting, metric: str) -> Sample:
    mean, std = each.printed[metric]
    return Sample(mean, std or 0.0, 1 if std is None else each.printed_seeds)


def _classes(
    pairs: Sequence[tuple[SettingTable, MethodInSetting, MethodInSetting]],
) -> tuple[InClass, ...]:
    found: dict[tuple[str, str], list[Contrast]] = {}
    for setting, first, second in pairs:
        names = next(([c.name for c in row.classes] for row in setting.rows if row.classes), [])
        seeds = _common(first, second)
        for place, name in enumerate(names):
            dice = [
                (first.final_class_dice[a][place], second.final_class_dice[b][place])
                for a, b in seeds
            ]
            known = [(a, b) for a, b in dice if a is not None and b is not None]
            if known:
                contrast = paired([a for a, _ in known], [b for _, b in known])
                found.setdefault((setting.dataset, name), []).append(contrast)
    classes = [InClass(*key, over(contrasts)) for key, contrasts in found.items()]
    return tuple(sorted(classes, key=lambda one: -abs(one.contrast.mean)))
