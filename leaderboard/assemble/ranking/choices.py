"""The choices of a ranking's filters for which a table is computed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, combinations, product

from leaderboard.model import SettingTable

FILTERS: Mapping[str, Callable[[SettingTable], str]] = {
    "role": lambda setting: setting.role or "other",
    "dataset": lambda setting: setting.dataset,
    "regime": lambda setting: setting.regime,
    "patch": lambda setting: setting.patch_role or setting.patch,
}
"""What a filter compares, by the name of a view's field."""
MOST_VALUES = 5
"""Of a filter with more values, no two are combined: there would be too many tables."""
MOST_METHODS = 60
"""With more methods, values are not combined either."""
Choice = Mapping[str, tuple[str, ...]]
"""The wanted values by filter; none: all."""


def choices(settings: Sequence[SettingTable], methods: int) -> list[Choice]:
    """All combinations of one value or none per filter, then several values of a single filter.

    Those that restrict few filters come first.
    """
    values = {name: tuple(dict.fromkeys(map(of, settings))) for name, of in FILTERS.items()}
    options = [[(), *((value,) for value in each)] for each in values.values()]
    single = [dict(zip(FILTERS, chosen, strict=True)) for chosen in product(*options)]
    single.sort(key=lambda choice: sum(map(bool, choice.values())))
    if methods > MOST_METHODS:
        return [*single]
    none: dict[str, tuple[str, ...]] = dict.fromkeys(FILTERS, ())
    several = [none | {name: some} for name, each in values.items() for some in _several(each)]
    return [*single, *several]


def fits(setting: SettingTable, choice: Choice) -> bool:
    """Whether a setting has one of the wanted values of each filter."""
    return all(not wanted or FILTERS[name](setting) in wanted for name, wanted in choice.items())


def told(choice: Choice, name: str) -> str | None:
    """The wanted values of a filter as text; None: all."""
    return ", ".join(choice[name]) or None


def _several(values: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """At least two of the values, but not all of them."""
    if len(values) > MOST_VALUES:
        return iter(())
    return chain.from_iterable(combinations(values, size) for size in range(2, len(values)))
