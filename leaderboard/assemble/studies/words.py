"""Phrases of the studies' answers."""

from collections.abc import Sequence

from leaderboard.formatting import counted, shown
from leaderboard.model import StudyCell

STRONG, WEAK = 0.7, 0.4
"""Mean taus from which on rankings agree well, or partly."""


def gains(cells: Sequence[StudyCell], each: str = "comparison") -> str:
    """How many differences are significant, and which way.

    >>> gains([StudyCell(1.5, significant=True), StudyCell(-0.5), StudyCell(0.2)])
    'significantly better in 1 of 3 comparisons and never significantly worse'
    >>> gains([StudyCell(-1.5, significant=True)])
    'significantly worse in 1 of 1 comparison and never significantly better'
    """
    better = sum(cell.significant and cell.value > 0 for cell in cells)
    worse = sum(cell.significant and cell.value < 0 for cell in cells)
    number = counted(len(cells), each)
    if better and worse:
        return f"significantly better in {better} of {number} and significantly worse in {worse}"
    if not better and not worse:
        return f"neither significantly better nor worse in any of {number}"
    way, other = ("better", "worse") if better else ("worse", "better")
    return f"significantly {way} in {better or worse} of {number} and never significantly {other}"


def agreeing(cells: Sequence[StudyCell]) -> str:
    """How well rankings agree, from one or more taus.

    >>> agreeing([StudyCell(0.8, p_value=0.01, significant=True), StudyCell(0.7, p_value=0.2)])
    "agree well (mean Kendall's tau 0.75, significant in 1 of 2)"
    >>> agreeing([StudyCell(0.3, p_value=0.25)])
    "hardly agree (Kendall's tau 0.30, p = 0.25)"
    """
    centre = sum(cell.value for cell in cells) / len(cells)
    words = (
        "agree well" if centre >= STRONG else "partly agree" if centre >= WEAK else "hardly agree"
    )
    if len(cells) == 1:
        return f"{words} (Kendall's tau {shown(centre, '')}, p = {cells[0].p_value or 0:.2f})"
    number = sum(cell.significant for cell in cells)
    return (
        f"{words} (mean Kendall's tau {shown(centre, '')}, significant in {number} of {len(cells)})"
    )


def points(value: float) -> str:
    """A difference in percentage points, with its sign.

    >>> points(2.04), points(-0.26)
    ('+2.0 percentage points', '-0.3 percentage points')
    """
    return f"{'+' if value > 0 else ''}{shown(value, '%')} percentage points"


def listed_names(names: Sequence[str]) -> str:
    """``A``, ``A and B``, ``A, B and C``."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
