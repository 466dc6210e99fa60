"""What an entry's authors say about it in ``submission.yaml``, as its card and its row show it."""

from collections.abc import Mapping

from benchmark.submission.about.fields import About, Weights
from leaderboard.assemble.roles import proving_datasets
from leaderboard.formatting import plain
from leaderboard.model import Badge

MOST_LINES = 10
"""Of one field; a card is no archive."""
LONGEST = 400
"""Characters of a line."""


def facts(about: About) -> dict[str, tuple[str, ...]]:
    """Lines of a method's card by their heading; only what is said."""
    weights = [_weights(each) for each in about.weights]
    found = {
        "Authors": _lines(", ".join(about.authors)),
        "Licence": _lines(about.licence or ""),
        "Contact": _lines(about.contact or ""),
        "Extra data": _lines(*about.extra_data),
        "Pretrained weights": _lines(*weights),
        "Developed on": _lines(_developed_on(about)),
    }
    return {heading: lines for heading, lines in found.items() if lines}


def marks(about: About) -> tuple[Badge, ...]:
    """What a reader must know before comparing the row with others."""
    found: Mapping[Badge, bool] = {
        "tuned on roll-out": bool(proving_datasets(about.tuned_on or ())),
        "extra data": bool(about.extra_data),
        "pretrained": bool(about.weights),
    }
    return tuple(badge for badge, given in found.items() if given)


def _developed_on(about: About) -> str:
    if about.tuned_on is None:
        return "unknown"
    return ", ".join(about.tuned_on) or "no dataset"


def _weights(weights: Weights) -> str:
    where = weights.file or weights.url or ""
    return f"{where} (SHA-256 {weights.sha256}), trained on {weights.training_data}"


def _lines(*texts: str) -> tuple[str, ...]:
    shown = tuple(line for text in texts[:MOST_LINES] if (line := plain(text, LONGEST)))
    more = len(texts) - MOST_LINES
    return (*shown, f"and {more} more") if more > 0 else shown
