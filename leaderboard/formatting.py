"""How figures are rounded and texts of others are cleaned: alike in files and on the page."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal

from leaderboard.model import Column, Value
from nnactive.texts import plain as plain  # noqa: PLC0414  (all that the board shows)

MISSING = "n/a"
NAME_LENGTH = 60
"""Characters of a name that the page shows."""
BADGE_TEXTS = {"oracle": "uses ground truth"}
"""What readers see instead of a badge's name."""
DECIMALS = {
    "%": 1,
    "s": 1,
    "min": 1,
    "h": 2,
    "GiB": 1,
    "mm": 2,
    **dict.fromkeys(("voxels", "patches", "components", "slices", "images"), 0),
}
"""Decimals shown by unit; ``PLAIN`` for a figure without a unit."""
PLAIN = 2
FINEST = 10
"""Decimals behind which there is only the noise of floating-point arithmetic."""
FURTHER = (2, 4, FINEST)
"""Extra decimals kept in files: the first number of them that rounds to what is shown."""
CERTAIN, LARGE, NEAR = 4, 1e9, 1e-4
"""With so few decimals, below it and so far from a half, binary rounding is right, and faster."""
DOUBTFUL = 0.006
"""So far from a half may two more decimals move a figure, and a little more."""
BY_HALF_UP = Context(prec=400, rounding=ROUND_HALF_UP)


def count(value: float) -> str:
    """A whole number with narrow spaces between thousands."""
    return f"{Decimal(str(rounded(value, 0))):,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def counted(number: int, thing: str) -> str:
    """``1 setting``, ``2 settings``."""
    return f"{count(number)} {thing}{'' if number == 1 else 's'}"


def badge_text(name: str) -> str:
    """A badge as readers see it."""
    return BADGE_TEXTS.get(name, name)


def vouching(tracks: Iterable[str]) -> str:
    """That nothing vouches for the baselines of tracks; empty without tracks."""
    names = ", ".join(tracks)
    return (
        f"The baselines of {names} are unverified: no local run sealed them, and they aren't among "
        "the benchmark's own results."
        if names
        else ""
    )


def ordinal(number: int) -> str:
    """``1st``, ``2nd``, ``3rd``, ``11th``.

    >>> [ordinal(n) for n in (1, 2, 3, 4, 11, 22)]
    ['1st', '2nd', '3rd', '4th', '11th', '22nd']
    """
    teens = number % 100 in {11, 12, 13}
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def joined(names: Iterable[str], last: str = "and") -> str:
    """Names as in a sentence.

    >>> joined(["A"]), joined(["A", "B", "C"]), joined(["A", "B"], "or")
    ('A', 'A, B and C', 'A or B')
    """
    *first, final = names
    return f"{', '.join(first)} {last} {final}" if first else final


def listed(values: Iterable[int]) -> str:
    """Whole numbers as ``1, 2, 3``."""
    return ", ".join(str(value) for value in values)


def rounded(value: float, decimals: int) -> float:
    """The value with so many decimals, halves rounded away from 0, never -0.

    As people round: by the digits of the number, not by its binary representation (69.35 is stored
    as a little less), and not to even digits; noise of 1e-10 or less doesn't decide.

    >>> rounded(69.35, 1), rounded(2.5, 0), rounded(-0.004, 2), rounded(69.34999999999999, 1)
    (69.4, 3.0, 0.0, 69.4)
    """
    scaled = abs(value) * 10.0**decimals
    if decimals <= CERTAIN and scaled < LARGE and abs(scaled % 1 - 0.5) > NEAR:
        return round(float(value), decimals) + 0.0  # -0.0 becomes 0.0
    exact = Decimal(str(float(value)))
    if -int(exact.as_tuple().exponent) > FINEST:
        exact = exact.quantize(Decimal(1).scaleb(-FINEST), context=BY_HALF_UP)
    return float(exact.quantize(Decimal(1).scaleb(-decimals), context=BY_HALF_UP)) + 0.0


def fixed(value: float, decimals: int) -> str:
    """As ``rounded``, with all decimals.

    >>> fixed(69.35, 1), fixed(69.0, 2)
    ('69.4', '69.00')
    """
    return f"{Decimal(str(rounded(value, decimals))):.{decimals}f}"


def number(value: float, unit: str) -> float | int:
    """The value as written to files: two more decimals than shown, none for whole numbers.

    More decimals where two would change what is shown (84.2496 is not 84.25, which reads 84.3).

    >>> number(84.24961, "%"), number(12.0, "%"), number(84.31649, "%")
    (84.24961, 12, 84.316)
    """
    decimals = DECIMALS.get(unit, PLAIN)
    if not decimals:
        return int(rounded(value, 0))
    kept = rounded(value, decimals + FURTHER[0])
    # Two decimals can't change what is shown unless it is this close to a half, as few figures are.
    if abs(abs(value) * 10.0**decimals % 1 - 0.5) < DOUBTFUL:
        wanted = rounded(value, decimals)
        for further in FURTHER:
            kept = rounded(value, decimals + further)
            if rounded(kept, decimals) == wanted:
                break
    return int(kept) if kept == int(kept) else kept


def shown(value: float, unit: str) -> str:
    """The value as readers see it: halves rounded up, narrow spaces between thousands.

    >>> shown(84.25, "%"), shown(0.125, ""), shown(1234.5, "s")
    ('84.3', '0.13', '1\u202f234.5')
    """
    text = fixed(value, DECIMALS.get(unit, PLAIN))
    whole, point, rest = text.partition(".")
    return ("-" if whole.startswith("-") else "") + count(abs(int(whole))) + point + rest


def beside(value: Value, column: Column) -> str:
    r"""The interval or spread shown with a mean; empty if there is neither.

    >>> score = Column("score", "Score", "%", "", higher_is_better=True)
    >>> beside(Value(50, 1.25, 49.01, 51.26), score), beside(Value(50, 1.25), score)
    ('49.0\u201351.3', '\xb1 1.3')
    """
    spread = (
        "" if value.spread is None else f"\N{PLUS-MINUS SIGN} {shown(value.spread, column.unit)}"
    )
    if value.low is None or value.high is None or (spread and column.beside == "spread"):
        return spread
    return f"{shown(value.low, column.unit)}\N{EN DASH}{shown(value.high, column.unit)}"
