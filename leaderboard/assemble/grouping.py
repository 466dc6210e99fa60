"""Results sorted into leagues and, within each, into settings."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from leaderboard.read.facts import Facts
from leaderboard.read.groups import SHARED, GroupKey, group, identity


@dataclass(frozen=True, order=True)
class LeagueKey:
    """What results must share to be in one main table (protocol section 9)."""

    track: str
    comparable: bool
    """False: a reduced-cost track."""
    protocol: str
    """Major.Minor."""
    nnunet: str
    epochs: int
    query: str = ""
    """Where starts are compared: the query method of all later loops."""
    queries: str = ""
    """Track that chose the queries, if not the methods here."""

    @property
    def names(self) -> tuple[str | int, ...]:
        """All of them, for keys and random streams."""
        shared = (self.track, str(self.comparable), self.protocol, self.nnunet, self.epochs)
        taken = ("queries", self.queries) if self.queries else ()
        return (*shared, *((self.query,) if self.query else ()), *taken)


@dataclass(frozen=True)
class SettingResults:
    """All results of one setting of a league."""

    key: GroupKey
    results: tuple[Facts, ...]
    """By the method's identity, then seed."""
    seeds: tuple[int, ...]
    """Of a complete method: all that a baseline was run with (any method, if there is no baseline),
    so that an extra seed of a submission makes no other method incomplete."""
    differs: tuple[str, ...]
    """How settings of the same track and name differ."""

    @property
    def text(self) -> str:
        """All that distinguishes it from other settings, as one text."""
        values = {name: value for name, value in vars(self.key).items() if name != "query" or value}
        return json.dumps([*values.values()])

    @property
    def baselines(self) -> int:
        """Number of results of methods that come with the benchmark."""
        return sum(result.method.origin == "builtin" for result in self.results)

    @property
    def methods(self) -> Mapping[str, tuple[Facts, ...]]:
        """Results by the method's identity, in its order."""
        found: dict[str, list[Facts]] = defaultdict(list)
        for result in self.results:
            found[identity(result.method)].append(result)
        return {method: tuple(results) for method, results in found.items()}


@dataclass(frozen=True)
class LeagueResults:
    """All results of a league."""

    key: LeagueKey
    settings: tuple[SettingResults, ...]
    """By dataset, patch size (largest first) and budget."""

    @property
    def compared(self) -> tuple[SettingResults, ...]:
        """The settings of the main table: those with results of baselines, one of each name.

        Of several variants of a setting (other data or parameters) the one with the most results
        of baselines, then the most results. Where no baseline was run at all, all settings.
        """
        weights = {
            setting.key: (setting.baselines, len(setting.results)) for setting in self.settings
        }
        any_baseline = any(baselines for baselines, _ in weights.values())
        best: dict[str, SettingResults] = {}
        for setting in self.settings:
            rival = best.get(setting.key.setting)
            if rival is None or weights[setting.key] > weights[rival.key]:
                best[setting.key.setting] = setting
        return tuple(
            setting
            for setting in self.settings
            if best[setting.key.setting] is setting and (setting.baselines or not any_baseline)
        )

    @property
    def methods(self) -> Mapping[str, tuple[Facts, ...]]:
        """Results by the method's identity, by setting and seed: baselines first, then by id.

        So another method changes no baseline's place.
        """
        found: dict[str, list[Facts]] = defaultdict(list)
        for setting in self.settings:
            for result in setting.results:
                found[identity(result.method)].append(result)
        order = sorted(found, key=lambda name: (found[name][0].method.origin, name))
        return {method: tuple(found[method]) for method in order}


def make_leagues(results: Iterable[Facts]) -> tuple[LeagueResults, ...]:
    """Leagues of all results: comparable ones first, then by track and versions, newest first."""
    groups = group(results)
    leagues: dict[LeagueKey, list[SettingResults]] = defaultdict(list)
    for key, members in groups.items():
        first = members[0]
        league = LeagueKey(
            track=key.track,
            comparable=key.comparable,
            protocol=key.protocol,
            nnunet=key.nnunet,
            epochs=first.setting.training.epochs,
            query=key.query,
            queries=taken.track if (taken := first.setting.queries) else "",
        )
        setting = SettingResults(key, tuple(members), _seeds(members), _differences(key, groups))
        leagues[league].append(setting)
    made = [
        LeagueResults(key, tuple(sorted(settings, key=_setting_order)))
        for key, settings in leagues.items()
    ]
    # Stable sorts, the least important first.
    made.sort(key=lambda league: (league.key.epochs, league.key))
    made.sort(key=lambda league: version(league.key.nnunet), reverse=True)
    made.sort(key=lambda league: version(league.key.protocol), reverse=True)
    return tuple(sorted(made, key=lambda league: (not league.key.comparable, league.key.track)))


def version(text: str) -> tuple[int, ...]:
    """The numbers of a version, for comparing which is older.

    >>> version("1.9") < version("1.10")
    True
    """
    return tuple(int(number) for number in re.findall(r"[0-9]{1,9}", text))


def _seeds(results: Sequence[Facts]) -> tuple[int, ...]:
    baselines = [result for result in results if result.method.origin == "builtin"]
    return tuple(sorted({result.seed for result in baselines or results}))


def _setting_order(setting: SettingResults) -> tuple[object, ...]:
    about = setting.results[0].setting
    z, y, x = about.patch_size
    budget = about.starting_budget + (about.loops - 1) * about.query_size
    return (about.dataset, -z * y * x, budget, setting.key)


def _differences(key: GroupKey, groups: Iterable[GroupKey]) -> tuple[str, ...]:
    others = [k for k in groups if (k.track, k.setting) == (key.track, key.setting)]
    return tuple(
        text for field, text in SHARED.items() if len({getattr(k, field) for k in others}) > 1
    )
