"""Ids that a card pins: no renamed case may move others to the other side of the split."""

import pytest

from nnactive.data.cards import load_card
from nnactive.data.case_ids import id_problem
from nnactive.data.prepare.split import split_cases
from nnactive.errors import UserError


@pytest.mark.parametrize(
    ("name", "published", "renamed"),
    [("lits", "liver_7", "liver_007"), ("kits", "case_00007", "case_7")],
)
def test_a_renamed_case_is_refused_where_the_ids_are_known(name, published, renamed):
    card = load_card(name)
    cases = [renamed if case == published else case for case in card.ids]
    told = (
        f"case '{published}' is missing (1 in total) and case '{renamed}' is unknown (1 in total); "
        f"give the folder with the complete {card.title}, its files named as published"
    )
    assert id_problem(cases, card) == told
    with pytest.raises(UserError) as refusal:
        split_cases(cases, card)
    assert str(refusal.value) == f"{name}: {told}"
    # As published, whatever the order.
    assert id_problem(card.ids[::-1], card) is None
    assert split_cases(card.ids[::-1], card) == split_cases(card.ids, card)


def test_without_pinned_ids_the_renamed_case_would_move_others():
    """What the pinned ids guard against: the rule draws from the names."""
    card = load_card("lits")
    free = card.model_copy(update={"ids": ()})
    renamed = ["liver_007" if case == "liver_7" else case for case in card.ids]
    moved = set(split_cases(card.ids, free)[1]) - set(split_cases(renamed, free)[1])
    assert len(moved) > 10


@pytest.mark.parametrize(
    ("name", "cases", "wrong"),
    [
        ("acdc", [f"patient{p:03d}_frame{f:02d}" for p in range(1, 101) for f in (1, 12)], "p1"),
        ("toothfairy2", [f"ToothFairy2F_{n:03d}" for n in range(480)], "ToothFairy2F_7"),
        (
            "mama_mia",
            [f"DUKE_{n:03d}" for n in range(291)]
            + [f"ISPY1_{n:04d}" for n in range(171)]
            + [f"ISPY2_{n:06d}" for n in range(980)]
            + [f"NACT_{n:02d}" for n in range(64)],
            "NACT_007",
        ),
    ],
)
def test_where_only_the_pattern_is_known_it_is_held_to(name, cases, wrong):
    card = load_card(name)
    assert id_problem(cases, card) is None
    problem = id_problem([*cases[:-1], wrong], card)
    assert problem
    assert problem.startswith(f"case '{wrong}' isn't named as {card.title}'s are: ")
    if name == "mama_mia":
        swapped = [*cases[:-1], "DUKE_999"]
        assert "292 cases are named DUKE_[0-9]{3}, but" in (id_problem(swapped, card) or "")


def test_your_own_card_names_its_fields(tiny):
    card = tiny.card(ids=[f"tiny_{number}" for number in range(1, 9)])
    problem = id_problem([f"tiny_{number}" for number in range(2, 10)], card)
    assert problem
    assert f"or fix fields 'ids' and 'cases' in {tiny.datasets / 'tiny' / 'card.yaml'}" in problem


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id_rule": {"(": 8}}, "field 'id_rule': '\\(' isn't a regular expression"),
        ({"id_rule": {"a": 7}}, "field 'id_rule': must add up to 8 cases"),
        ({"tumour": ["lesion"]}, "field 'tumour': 'lesion' is not a foreground class"),
        ({"patch_from": ["background"]}, "field 'patch_from': 'background' is not a foreground"),
    ],
)
def test_wrong_fields_are_named(tiny, changes, message):
    with pytest.raises(UserError, match=message):
        tiny.card(**changes)


@pytest.mark.parametrize(
    ("ids", "told"),
    [
        (["kn_a", "KN_A"], "cases 'KN_A' and 'kn_a' differ only in capitals"),
        (["k\u00fc", "ku\u0308"], "differ only in how accents are encoded"),
        (["kn_a", "kn_a"], "case 'kn_a' occurs 2 times; remove all but one"),
    ],
)
def test_ids_that_some_file_systems_take_for_one_are_told(tiny, ids, told):
    assert told in (id_problem(ids, tiny.card()) or "")
