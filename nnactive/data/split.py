"""Which cases are pool and which are test."""

import re
from collections.abc import Sequence

from nnactive.data.cards import Split
from nnactive.errors import UserError
from nnactive.streams import protocol_split_generator


def split_cases(cases: Sequence[str], rule: Split) -> tuple[list[str], list[str]]:
    """Pool and test cases, each sorted, by the rule of protocol section 2.

    The sorted group names are shuffled with a fixed generator; the first quarter of the groups,
    rounded down, is the test set. All cases of a group fall on the same side.

    Raises:
        UserError: a case id doesn't fit the card's group expression, or there are too few groups.
    """
    group_of = {case: _group(case, rule.group) for case in cases}
    groups = sorted(set(group_of.values()))
    if len(groups) < 4:  # noqa: PLR2004
        raise UserError(f"{len(groups)} patients are too few for a test set; at least 4 are needed")
    protocol_split_generator().shuffle(groups)
    test = set(groups[: len(groups) // 4])
    ordered = sorted(cases)
    return (
        [case for case in ordered if group_of[case] not in test],
        [case for case in ordered if group_of[case] in test],
    )


def _group(case: str, pattern: str | None) -> str:
    if pattern is None:
        return case
    match = re.search(pattern, case)
    if match is None:
        raise UserError(
            f"case '{case}': no patient in its id by the card's split.group '{pattern}'"
        )
    return match.group(1)
