"""Checking a raw folder before any card: its cases, their facts, and everything that is wrong."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nnactive.data.cards import Card
from nnactive.data.case_ids import id_problem
from nnactive.data.check.case_facts import CaseFacts
from nnactive.data.check.dataset import judge, look_at_all
from nnactive.data.check.findings import FILE, Finding, ordered
from nnactive.data.check.sides import CLASS_CASES, Sides
from nnactive.data.own.description import enough_cases
from nnactive.data.prepare.split import split_cases
from nnactive.data.progress import Progress
from nnactive.data.raw.known.agreement import disagreement, way_out
from nnactive.data.raw.scan import list_cases, shared_file, wrong_channels
from nnactive.errors import UserError

ROOM = "room"
"""Kind of what is said of a pool without room for a budget."""


@dataclass(frozen=True)
class Checked:
    """A raw folder that was read once."""

    card: Card
    facts: tuple[CaseFacts, ...]
    """Of the cases whose files are whole, by id."""
    sides: Sides | None
    """None: the cases can't be split."""
    findings: tuple[Finding, ...]
    """By severity."""


def check_folder(card: Card, raw: Path, progress: Progress) -> Checked:
    """Read every file of a raw folder once, and list everything that is wrong or odd with it.

    Args:
        card: a dataset's card, or what ``describe_raw`` made of the folder.
        raw: the folder.
        progress: receives every case that was read.

    Raises:
        UserError: the folder has no cases at all in the card's layout.
    """
    root, cases = list_cases(raw, card)
    if not cases:
        raise UserError(f"{root}: no case; give the folder with the complete data")
    ids = [case.id for case in cases]
    found: list[Finding] = []
    if problem := id_problem(ids, card):
        found.append(Finding(severity="error", kind="cases", detail=f"{root}: {problem}"))
    problems = (shared_file(cases), wrong_channels(root, cases, card))
    found += [Finding(severity="error", kind=FILE, detail=told) for told in problems if told]
    if differs := disagreement(root, card):
        detail = f"{root}: {differs}; {way_out(card)}"
        found.append(Finding(severity="error", kind="description", detail=detail))
    sides = _sides(ids, card, found)
    looked = look_at_all(cases, card, progress)
    facts = tuple(case.facts for case in looked if case.facts is not None)
    found += [*_unused(card, facts), *judge(card, looked, sides)]
    found += _room(card, sides) if facts else ()
    return Checked(card, facts, sides, ordered(found))


def _unused(card: Card, facts: Sequence[CaseFacts]) -> Iterator[Finding]:
    """Values that the user maps though no label map has them."""
    there = {value for case in facts for value in case.raw_values}
    kept = set(card.labels.values())
    unused = sorted(value for value in card.label_map if value not in there | kept)
    if there and unused:
        listed = ", ".join(map(str, unused))
        detail = f"--map (label_map in a card) names {listed}, which no label map has"
        yield Finding(severity="note", kind="labels", detail=detail)


def _room(card: Card, sides: Sides | None) -> Iterator[Finding]:
    """A pool that is too small for the starting budget's two cases of each label."""
    needed = CLASS_CASES * len(card.labels)
    if sides is not None and len(sides.pool) < needed:
        detail = (
            f"the pool has {len(sides.pool)} cases, but the starting budget takes two for each of "
            f"the {len(card.labels)} labels, background included: {needed}; no track fits before "
            f"there are {enough_cases(len(card.labels))} cases or more"
        )
        yield Finding(severity="warning", kind=ROOM, detail=detail)


def _sides(ids: Sequence[str], card: Card, found: list[Finding]) -> Sides | None:
    # The ids were compared above; a wrong one needn't hide what the split would tell.
    free = card.model_copy(update={"ids": (), "id_rule": {}})
    try:
        pool, test = split_cases(sorted(set(ids)), free)
    except UserError as error:
        found.append(Finding(severity="error", kind="split", detail=str(error)))
        return None
    return Sides(tuple(pool), tuple(test))
