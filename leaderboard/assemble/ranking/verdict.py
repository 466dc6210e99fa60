"""What a ranking says: who is best, whether that is significant, and how sure it is."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from leaderboard.assemble.ranking.repeat import Outlook
from leaderboard.assemble.ranking.significance import ALPHA, Significance
from leaderboard.formatting import count, counted, joined, ordinal, shown
from leaderboard.metrics.power import POWER
from leaderboard.model import Repeat, Row, Verdict
from leaderboard.model.verdicts import NO_VERDICT
from leaderboard.undefined import Undefined

NAMED = 3
"""Methods named in one sentence, before the others are counted."""
TENTHS = "%"
"""Mean ranks and differences have one decimal, as percentages do."""
GROUND_TRUTH = "ground truth"
UNTESTED = Significance()
UNKNOWN = Outlook()
TWO = 2
WHOLE = 100
"""Percentage points that no two methods differ by."""
FEW_SEEDS = 2
"""With so many, a test finds nothing but very large differences."""


@dataclass(frozen=True)
class Ranking:
    """A table, as its verdict needs it."""

    rows: Sequence[Row]
    """In the order of the table."""
    names: Mapping[str, str]
    """By the method's key."""
    oracles: Collection[str]
    """Keys of methods that use ground truth."""
    column: str
    """Name of the one that the ranks follow."""
    title: str
    unit: str
    settings: int
    """Number of those that are compared."""
    seeds: int
    """Fewest behind a figure."""
    detectable: float | Undefined
    most_seeds: int = 1
    """Behind a figure."""
    comparable: bool = True
    """False: a reduced-cost track."""
    asked: int = 1
    """Number of settings that the table is about."""
    test: Significance = UNTESTED
    outlook: Outlook = UNKNOWN
    unproved: Collection[str] = ()
    """Keys of methods that were developed on what should prove them."""
    higher_is_better: bool = True

    @cached_property
    def ranked(self) -> tuple[Row, ...]:
        """Best first."""
        return tuple(row for row in self.rows if row.rank is not None)

    @cached_property
    def usable(self) -> tuple[Row, ...]:
        """Ranked methods that could be used in practice, best first; where there are none, all.

        Those that were developed on what should prove them don't count.
        """
        apart = {*self.oracles, *self.unproved}
        found = tuple(row for row in self.ranked if row.entrant not in apart)
        return found or self.ranked

    @property
    def best(self) -> Row:
        """Of the usable methods."""
        return self.usable[0]

    @cached_property
    def firsts(self) -> tuple[Row, ...]:
        """The best usable methods: several, if they share its rank."""
        return tuple(row for row in self.usable if row.rank == self.best.rank)

    @cached_property
    def others(self) -> tuple[Row, ...]:
        """The ranked methods that aren't best, those that could be used first."""
        others = [row for row in self.ranked if row not in self.firsts]
        return tuple(sorted(others, key=lambda row: row.entrant in self.oracles))

    @property
    def best_mean_rank(self) -> float | None:
        """Of the best method, if no usable one has a better; None: no test of mean ranks."""
        ranks = self.test.mean_ranks
        own = ranks.get(self.best.entrant)
        return (
            own if own is not None and own <= min(ranks[r.entrant] for r in self.usable) else None
        )

    def name(self, row: Row) -> str:
        """Of the row's method."""
        return self.names[row.entrant]

    def score(self, row: Row) -> float:
        """In the column that the ranks follow."""
        return row.values[self.column].mean or 0.0

    def figure(self, row: Row) -> str:
        """``71.2 %``."""
        return f"{shown(self.score(row), self.unit)} {self.unit}".strip()

    def difference(self, value: float) -> str:
        """``0.7 percentage points``, ``1.25 mm``."""
        if self.unit == "%":
            return f"{shown(value, TENTHS)} percentage points"
        return f"{shown(value, self.unit)} {self.unit}".strip()

    @property
    def over(self) -> str:
        """`` over 24 settings``; empty for a single one."""
        return f" over {counted(self.settings, 'setting')}" if self.settings > 1 else ""


def make_verdict(ranking: Ranking) -> Verdict:
    """The verdict of a table: a sentence, further ones, the test and what it can detect.

    The best method is the best one that could be used in practice: methods that use ground truth
    are ranked, but the sentence names one only where no other method is ranked.
    """
    if not ranking.rows:
        return NO_VERDICT
    detectable = ranking.detectable
    seeds = ranking.outlook.seeds
    unknown = detectable if isinstance(detectable, Undefined) else None
    return Verdict(
        headline=_headline(ranking),
        more=tuple(_more(ranking)),
        test=ranking.test.test,
        detectable=None if isinstance(detectable, Undefined) else detectable,
        detectable_reason=unknown.reason if unknown else "",
        nothing=bool(ranking.outlook.why_nothing()),
        repeat=ranking.outlook.sentence(),
        other_seeds=_known(ranking.outlook.seeds),
        other_settings=_known(ranking.outlook.settings),
        repeat_reason=seeds.reason if isinstance(seeds, Undefined) else "",
    )


def names_no_leader(ranking: Ranking) -> bool:
    """Whether no method is set in bold: nothing to compare, no test, or one that can't find any."""
    test = ranking.test
    if len(ranking.ranked) < TWO or not test.test or test.powerless:
        return True
    if ranking.outlook.why_nothing():
        return True
    return _alike(ranking) and (_hopeless(ranking) or _noisy(ranking))


def _known(found: Repeat | Undefined) -> Repeat | None:
    return None if isinstance(found, Undefined) else found


def _headline(ranking: Ranking) -> str:
    if not ranking.ranked:
        return f"No method can be ranked: {_why_none(ranking)}."
    if len(ranking.ranked) == 1:
        (only,) = ranking.ranked
        return (
            f"{ranking.name(only)} is the only ranked method ({ranking.title} "
            f"{ranking.figure(only)}{ranking.over}); there is nothing to compare it with."
        )
    if not ranking.test.test:
        return _untested(ranking)
    if nothing := ranking.outlook.why_nothing():
        return nothing
    if ranking.test.powerless:
        return f"{_lead(ranking)}, but {_lower(ranking.test.power)}"
    return _tested(ranking)


def _why_none(ranking: Ranking) -> str:
    parts = [
        f"{count(number)} {'is' if number == 1 else 'are'} incomplete"
        if status == "incomplete"
        else f"{count(number)} failed"
        for status in ("incomplete", "failed")
        if (number := [row.status for row in ranking.rows].count(status))
    ]
    if parts:
        return joined(parts)
    return next(row.rank_reason or "no score" for row in ranking.rows)


def _untested(ranking: Ranking) -> str:
    if ranking.seeds == 1:
        return (
            "A single seed cannot support a ranking: two runs of the same method can differ by "
            "more than these rows do."
        )
    return f"{_lead(ranking)}; the differences cannot be tested: {ranking.test.reason}."


def _lead(ranking: Ranking) -> str:
    """``X has the highest AUBC (71.2 %)``."""
    mean = "mean " if ranking.settings > 1 else ""
    most = "highest" if ranking.higher_is_better else "lowest"
    what = f"{most} {mean}{ranking.title} ({ranking.figure(ranking.best)}{ranking.over})"
    if ranking.best_mean_rank is not None:
        rank = shown(ranking.best_mean_rank, TENTHS)
        what = f"best mean rank by {ranking.title} ({rank}{ranking.over})"
    whose = f"{_some(ranking, ranking.firsts)} {'share' if _several(ranking) else 'has'} the {what}"
    if ranking.best.rank == ranking.ranked[0].rank:
        return whose
    above = [row for row in ranking.ranked if (row.rank or 0) < (ranking.best.rank or 0)]
    apart = [
        words
        for words, those in (
            (f"don't use {GROUND_TRUTH}", ranking.oracles),
            ("weren't developed on these data", ranking.unproved),
        )
        if any(row.entrant in those for row in above)
    ]
    return f"Of the methods that {joined(apart)}, {whose}"


def _several(ranking: Ranking) -> bool:
    """Whether methods share the first place."""
    return len(ranking.firsts) > 1


def _tested(ranking: Ranking) -> str:
    test, best = ranking.test, ranking.best
    by = f"at {ALPHA} ({test.short})"
    if _alike(ranking):
        return _all_alike(ranking, by)
    if ahead := [row for row in ranking.others if test.ahead(row.entrant, best.entrant)]:
        have = f"{_some(ranking, ahead)} {'have' if len(ahead) > 1 else 'has'}"
        return f"{_lead(ranking)}, but {have} a significantly better mean rank {by}."
    if alike := [row for row in ranking.others if not test.apart(best.entrant, row.entrant)]:
        they = "they" if _several(ranking) else "it"
        whom = _some(ranking, alike) if len(alike) < len(ranking.others) else "any of the others"
        return f"{_lead(ranking)}; {they} can't be told apart from {whom} {by}."
    rivals = [row for row in ranking.usable if row not in ranking.firsts]
    if not rivals:
        return f"{_lead(ranking)} and is the only one ranked."
    gap = ""
    if ranking.best_mean_rank is None:
        ahead_by = abs(ranking.score(best) - ranking.score(rivals[0]))
        gap = f", {ranking.difference(ahead_by)} ahead,"
    return f"{_lead(ranking)}{gap} and {_are(ranking)} significantly better than all others {by}."


def _are(ranking: Ranking) -> str:
    return "are" if _several(ranking) else "is"


def _alike(ranking: Ranking) -> bool:
    """Whether no two methods differ significantly."""
    return len(set(ranking.test.letters.values())) == 1


def _all_alike(ranking: Ranking, by: str) -> str:
    if _hopeless(ranking):
        return (
            f"Too few seeds to rank: with {counted(ranking.seeds, 'seed')}, even a difference of "
            f"{WHOLE} percentage points might not be significant."
        )
    if _noisy(ranking):
        return f"Too few seeds to rank: differences under {_detectable(ranking)} are within noise."
    methods = len(ranking.ranked)
    two = "the two methods can't" if methods == TWO else f"no two of these {methods} methods can"
    return f"{_lead(ranking)}, but {two} be told apart {by}."


def _hopeless(ranking: Ranking) -> bool:
    """Whether what the seeds can detect is more than any two methods differ by."""
    found = ranking.detectable
    return not isinstance(found, Undefined) and ranking.unit == "%" and found >= WHOLE


def _noisy(ranking: Ranking) -> bool:
    return ranking.seeds <= FEW_SEEDS and bool(_detectable(ranking))


def _detectable(ranking: Ranking) -> str:
    """Smallest detectable difference; empty: unknown, or too small to be worth a word."""
    found = ranking.detectable
    if len(ranking.ranked) < TWO or isinstance(found, Undefined) or _hopeless(ranking):
        return ""
    return ranking.difference(found) if shown(found, ranking.unit).strip("0.") else ""


def _more(ranking: Ranking) -> Iterator[str]:
    """Further sentences, the most important first."""
    if len(ranking.ranked) > 1 and not _headline(ranking).startswith(_lead(ranking)):
        yield f"{_lead(ranking)}."
    yield from _oracles(ranking)
    if unproved := [row for row in ranking.ranked if row.entrant in ranking.unproved]:
        one = len(unproved) == 1
        so = "its rank here is" if one else "their ranks here are"
        yield (
            f"{_some(ranking, unproved)} {'was' if one else 'were'} developed on roll-out data, so "
            f"{so} no evidence that {'it generalises' if one else 'they generalise'}."
        )
    if ranking.settings < ranking.asked:
        yield (
            f"Ranked over {ranking.settings} of {counted(ranking.asked, 'setting')}: those that "
            "the ranked methods have in common."
        )
    yield from _over_settings(ranking)
    ranks = ranking.test.mean_ranks
    if ranks and len(ranking.ranked) > 1 and ranking.best_mean_rank is None:
        first = min(ranking.usable, key=lambda row: ranks[row.entrant])
        yield (
            f"By mean rank, which the test compares, {ranking.name(first)} comes first "
            f"({shown(ranks[first.entrant], TENTHS)})."
        )
    if ranking.ranked and (unranked := _unranked(ranking)):
        partial = any(row.partial for row in ranking.rows)
        where = "; their rows give their rank over the settings they completed" if partial else ""
        yield f"Not ranked: {unranked}{where}."
    if ranking.seeds == 1 and ranking.test.test:
        where = (
            "Every figure of a setting" if ranking.most_seeds == 1 else "In some settings a figure"
        )
        yield f"{where} rests on a single seed."
    if (points := _detectable(ranking)) and points not in _headline(ranking):
        yield (
            f"With these seeds, a difference of {points} between two given methods "
            f"can be detected (power {POWER} at {ALPHA})."
        )
    if ranking.test.power and not ranking.test.powerless:
        yield ranking.test.power
    if not ranking.comparable:
        yield "Reduced-cost track: compare these results only with each other."


def _over_settings(ranking: Ranking) -> Iterator[str]:
    """What a test over settings says of the best method, where another made the letters."""
    other = ranking.test.over_settings
    if other is None:
        return
    best = ranking.best.entrant
    alike = [row for row in ranking.others if not other.apart(best, row.entrant)]
    ahead = [row for row in ranking.others if other.ahead(row.entrant, best)]
    said = "it has a significantly better mean rank than all others"
    if alike:
        said = f"it can't be told apart from {_some(ranking, alike)}"
    if ahead:
        have = "have" if len(ahead) > 1 else "has"
        said = f"{_some(ranking, ahead)} {have} a significantly better mean rank"
    yield f"Compared over settings instead of seeds ({other.short} test, {ALPHA}), {said}."


def _oracles(ranking: Ranking) -> Iterator[str]:
    """Where the methods that use ground truth stand."""
    oracles = [row for row in ranking.ranked if row.entrant in ranking.oracles]
    if not oracles:
        return
    if len(oracles) == len(ranking.ranked):
        yield f"All ranked methods use {GROUND_TRUTH}."
        return
    above = [row for row in oracles if (row.rank or 0) < (ranking.best.rank or 0)]
    if above:
        verbs = ("uses", "ranks") if len(above) == 1 else ("use", "rank")
        yield f"{_some(ranking, above)}, which {verbs[0]} {GROUND_TRUTH}, {verbs[1]} higher."
        return
    first = oracles[0]
    best = (
        f", the best baseline that uses {GROUND_TRUTH},"
        if len(oracles) > 1
        else (f", which uses {GROUND_TRUTH},")
    )
    yield f"{ranking.name(first)}{best} ranks {ordinal(first.rank or 0)}."


def _unranked(ranking: Ranking) -> str:
    """``2 incomplete methods and 1 failed method``; empty: all are ranked, or have no score."""
    missing = [row.status for row in ranking.rows if row.rank is None]
    parts = [
        counted(missing.count(status), f"{status} method")
        for status in ("incomplete", "failed")
        if status in missing
    ]
    return " and ".join(parts)


def _some(ranking: Ranking, rows: Sequence[Row]) -> str:
    """``A, B and C``, or ``A, B, C and 4 more``."""
    names = [ranking.name(row) for row in rows]
    if len(names) > NAMED + 1:
        names = [*names[:NAMED], f"{count(len(names) - NAMED)} more"]
    return joined(names)


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]
