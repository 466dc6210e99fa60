"""What a ranking says, as sentences."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Repeat:
    """Kendall's tau-b between a ranking and those of repeats of its study."""

    tau: float
    """Expected."""
    low: float
    """Its 5 % quantile: one repeat of 20 agrees less."""


@dataclass(frozen=True)
class Verdict:
    """Who is best in a ranking, whether it is significant, and how sure that is."""

    headline: str = ""
    """One sentence; empty: the ranking has no rows."""
    more: tuple[str, ...] = ()
    """Further sentences, the most important first."""
    test: str = ""
    """The test behind the rows' letters, for people: ``Nemenyi test over 24 settings, 0.05``;
    empty: no letters."""
    detectable: float | None = None
    """Smallest difference between two methods, in the unit of the ranking's column, that would be
    found with a power of 0.8 at 0.05; None with ``detectable_reason``."""
    detectable_reason: str = ""
    nothing: bool = False
    """Whether the results can't, or barely, separate the methods."""
    repeat: str = ""
    """How far a repeat would agree with the ranking, one sentence; empty: unknown."""
    other_seeds: Repeat | None = None
    """Of a repeat in the same settings with as many other seeds; None with ``repeat_reason``."""
    other_settings: Repeat | None = None
    """Of a repeat in as many other settings, too; None: too few of them, or one setting alone."""
    repeat_reason: str = ""


NO_VERDICT = Verdict()
