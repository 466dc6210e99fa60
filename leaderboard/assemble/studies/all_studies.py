"""All studies that the leagues of a board have figures for."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from leaderboard.assemble.studies.family import Family, families
from leaderboard.assemble.studies.noise import noise
from leaderboard.assemble.studies.overall import overall
from leaderboard.assemble.studies.patch_size import patch_size
from leaderboard.assemble.studies.query_size import query_size
from leaderboard.assemble.studies.rollout import rollout
from leaderboard.assemble.studies.training import training
from leaderboard.model import League, Study, StudyPart


class _Plan(NamedTuple):
    """A study before its figures."""

    title: str
    question: str
    part: Callable[[Family], StudyPart | None]


PLANS: Mapping[str, _Plan] = {
    "study-overall": _Plan(
        "Ranks over all settings",
        "Do the same methods win by every metric and at both patch sizes?",
        overall,
    ),
    "study-query-size": _Plan(
        "Query size",
        "Does labelling fewer patches per loop, and training more often, help?",
        query_size,
    ),
    "study-training": _Plan(
        "Training length",
        "What does longer training change, and how much of it is due to better queries?",
        training,
    ),
    "study-patch-size": _Plan(
        "Patch size",
        "Does the ranking depend on the size of the query patch?",
        patch_size,
    ),
    "study-noise": _Plan(
        "Noise in the selection",
        "How much noise should a method add to its scores?",
        noise,
    ),
    "study-rollout": _Plan(
        "Roll-out to new datasets",
        "Does the ranking carry over to datasets on which no method was developed?",
        rollout,
    ),
}
"""By key, in the order of the page."""


def make_studies(leagues: Iterable[League]) -> tuple[Study, ...]:
    """The studies with figures; measured and published ones stand apart in each.

    Args:
        leagues: of the board, in its order.
    """
    known = families(leagues)
    return tuple(_studies(known))


def _studies(known: Iterable[Family]) -> Iterator[Study]:
    for key, plan in PLANS.items():
        parts = [part for family in known if (part := plan.part(family)) is not None]
        if parts:
            yield Study(key, plan.title, plan.question, tuple(parts))
