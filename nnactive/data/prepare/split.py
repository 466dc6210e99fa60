"""Splitting cases into pool and test set."""

import re
from collections.abc import Sequence
from pathlib import Path

from nnactive.data.cards import Card
from nnactive.data.case_ids import id_problem
from nnactive.errors import UserError
from nnactive.io.files import read_json
from nnactive.streams import protocol_split_generator

MINIMUM = 4
"""Smallest number of groups of which a quarter is at least one."""


def split_cases(cases: Sequence[str], card: Card) -> tuple[list[str], list[str]]:
    """Split cases into pool and test cases, each sorted, with whole groups on one side.

    Ids that the card pins are compared first, so that a renamed case can't shift the split. The
    list in the dataset's folder, if there is one, is the test set. Otherwise the rule of
    protocol section 2 applies: the sorted group names are shuffled with a fixed generator, and the
    first quarter of them, rounded down, is the test set.

    Raises:
        UserError: the cases are not the card's, an id doesn't match its group expression, there
            are too few groups, or the list is wrong.
    """
    if (card.ids or card.id_rule) and (problem := id_problem(cases, card)):
        raise UserError(f"{card.name}: {problem}")
    group_of = {case: _group(case, card.split.group) for case in cases}
    groups = sorted(set(group_of.values()))
    if len(groups) < MINIMUM:
        what = "patients" if card.split.group else "cases"
        raise UserError(
            f"{card.name}: {len(groups)} {what}, but at least {MINIMUM} are needed: a quarter of "
            "them is the test set, the rest the pool; add labelled cases"
        )
    if card.split_file is None:
        protocol_split_generator().shuffle(groups)
        test = set(groups[: len(groups) // 4])
    else:
        test = _listed(card.split_file, set(groups))
    ordered = sorted(cases)
    return (
        [case for case in ordered if group_of[case] not in test],
        [case for case in ordered if group_of[case] in test],
    )


def _listed(file: Path, groups: set[str]) -> set[str]:
    """The test set's groups listed in ``file``."""
    content = read_json(file, "fix it")
    listed = content.get("test") if isinstance(content, dict) else None
    if not isinstance(listed, list) or not all(isinstance(group, str) for group in listed):
        raise UserError(f"{file}: field 'test': must be a list of the test set's groups")
    test = set(listed)
    if foreign := sorted(test - groups):
        raise UserError(
            f"{file}: lists '{foreign[0]}', which has no case; give the complete data as --raw"
        )
    if not test or test == groups:
        raise UserError(f"{file}: field 'test': must leave cases in both pool and test set")
    return test


def _group(case: str, pattern: str | None) -> str:
    if pattern is None:
        return case
    match = re.search(pattern, case)
    if match is None or not match.group(1):
        raise UserError(
            f"case '{case}': doesn't match '{pattern}', the expression for its patient; fix it "
            "(--group of 'data add', 'split.group' on a card)"
        )
    return match.group(1)
