"""The case ids that a card pins: what a folder's or a prepared dataset's cases are held to.

The split is drawn from the ids (protocol section 2), so a single renamed case moves others to the
other side. Where the published names are known, in full or by their pattern, they are compared.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

from nnactive.data.cards import CARD_FILE, DATASETS, Card


def id_problem(ids: Sequence[str], card: Card) -> str | None:
    """What is wrong with the ids of a dataset's cases, with the way out; None if nothing is."""
    if alike := alike_problem(ids):
        return alike
    missing, unknown = set(card.ids) - set(ids), set(ids) - set(card.ids)
    complete = f"give the folder with the complete {card.title}"
    if card.ids and (missing or unknown):
        known = " and ".join(
            _told(*side) for side in ((missing, "missing"), (unknown, "unknown")) if side[0]
        )
        named = ", its files named as published" if missing and unknown else ""
        return f"{known}; {complete}{named}{_or_fix(card, 'ids')}"
    if unmatched := _unmatched(ids, card):
        return (
            f"case '{unmatched[0]}' isn't named as {card.title}'s are: "
            f"{' or '.join(card.id_rule)} ({len(unmatched)} in total); {complete}, its files named "
            f"as published{_or_fix(card, 'id_rule')}"
        )
    if len(ids) != card.cases:
        return (
            f"{len(ids)} cases, but {card.title} has {card.cases}; "
            f"give the folder with the complete data{_or_fix(card, 'cases')}"
        )
    for pattern, wanted in card.id_rule.items():
        if (found := len(_matching(ids, pattern))) != wanted:
            return f"{found} cases are named {pattern}, but {card.title} has {wanted}; {complete}"
    return None


def is_named_as_published(case: str, card: Card) -> bool:
    """Whether a case id is one of the card's; so is any if the card pins none."""
    if card.ids:
        return case in card.ids
    return not card.id_rule or any(re.fullmatch(pattern, case) for pattern in card.id_rule)


def alike_problem(ids: Sequence[str]) -> str | None:
    """Which ids are the same, or are on some file systems, in one line."""
    for key, differs in (
        (str, ""),
        (_composed, "in how accents are encoded"),
        (_folded, "in capitals"),
    ):
        twice = [name for name, n in Counter(map(key, ids)).items() if n > 1]
        if twice:
            same = sorted(case for case in ids if key(case) == twice[0])
            if not differs:
                return f"case '{same[0]}' occurs {len(same)} times; remove all but one"
            return (
                f"cases '{same[0]}' and '{same[1]}' differ only {differs}, which some file systems "
                "ignore; rename one of them"
            )
    return None


def _composed(case: str) -> str:
    return unicodedata.normalize("NFC", case)


def _folded(case: str) -> str:
    return _composed(case).casefold()


def _told(cases: Iterable[str], what: str) -> str:
    names = sorted(cases)
    return f"case '{names[0]}' is {what} ({len(names)} in total)"


def _unmatched(ids: Sequence[str], card: Card) -> list[str]:
    if not card.id_rule:
        return []
    named = {case for pattern in card.id_rule for case in _matching(ids, pattern)}
    return sorted(set(ids) - named)


def _matching(ids: Sequence[str], pattern: str) -> list[str]:
    return [case for case in ids if re.fullmatch(pattern, case)]


def _or_fix(card: Card, field: str) -> str:
    """A second way out, if the user wrote the card or the file that it is made from."""
    if card.folder.parent == DATASETS:
        return ""
    file = card.folder / CARD_FILE
    if not file.is_file():
        return f", or fix field 'numTraining' in {card.folder / 'dataset.json'}"
    fields = f"fields '{field}' and 'cases'" if field == "ids" else f"field '{field}'"
    return f", or fix {fields} in {file}"
