"""What the badges mean, and how they are shown beside a method's name."""

from leaderboard.formatting import badge_text

MEANINGS = {
    "baseline": "built-in method of the benchmark",
    "submission": "user-submitted method",
    "published": "figures from the papers (another nnU-Net version); ranked separately",
    "oracle": "selects patches by the labels of the whole pool, which is impossible in practice",
    "reported": "entry of the public board with consistent files; not yet reproduced by others",
    "replayed": "reproduced: training on its queries gave the same Dice within the expected spread",
    "re-run": "reproduced: running the method again gave the same queries",
    "not isolated": "its code could read every label of the pool while it ran",
    "isolation unknown": "its results do not record whether the code could read labels",
    "tuned on roll-out": "developed or tuned on a dataset reserved for testing generalization",
    "extra data": "uses data other than the benchmark's, listed in its card",
    "pretrained": "uses pretrained weights, described in its card",
    "incomplete": "some of its experiments are missing",
    "failed": "at least one of its experiments failed; the reason is in its card",
    "outdated protocol": "measured under an older version of the protocol",
}
SHORT = {
    "submission": "user",
    "oracle": "ground truth",
    "isolation unknown": "isolation?",
    "tuned on roll-out": "tuned",
    "outdated protocol": "old protocol",
}
"""In tables, where badges must leave room for the name."""
USUAL = ("baseline", "published")
"""Badges that most rows have; no table repeats them."""


ROLES = {
    "development": "methods may be developed on this dataset",
    "roll-out": "held out to test whether methods generalise; methods developed on it are marked",
}
"""What a dataset is for."""


def role_meaning(role: str) -> str:
    """What a dataset of a role is for."""
    return ROLES[role]


def meaning(name: str) -> str:
    """What a badge means; empty for an unknown one."""
    return MEANINGS.get(name, "")


def short(name: str) -> str:
    """A badge's text in tables."""
    return SHORT.get(name, badge_text(name))
