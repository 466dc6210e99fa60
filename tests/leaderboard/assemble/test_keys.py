import re

import pytest

from leaderboard.assemble import keys as module
from leaderboard.assemble.keys import (
    cohort_id,
    key_ignoring_epochs,
    key_ignoring_patch,
    key_ignoring_query_size,
    keys,
)
from nnactive.settings import Setting, Training

HOSTILE = ["", "<b>", "a b", "\ud800", "é", "random"]


def test_a_key_is_safe_and_depends_on_its_own_name_alone():
    many = keys("m", HOSTILE)
    assert all(re.fullmatch(r"m-[0-9a-f]{8}", key) for key in many.values())
    assert len(set(many.values())) == len(HOSTILE)
    assert keys("m", ["random"])["random"] == many["random"]
    assert keys("m", ["random"], within=("other",))["random"] != many["random"]


def test_names_whose_hashes_begin_alike_still_get_different_keys(monkeypatch):
    monkeypatch.setattr(module, "LENGTH", 1)
    names = [str(number) for number in range(40)]
    found = keys("m", names)
    assert len(set(found.values())) == 40
    assert {len(key) for key in found.values()} <= {3, 66}


def test_names_and_their_context_never_run_together():
    assert keys("m", ["b"], within=("a",))["b"] != keys("m", ['a", "b'])['a", "b']


def test_a_cohort_is_named_by_number_and_hash():
    assert cohort_id(["a", "b"]) != cohort_id(["a", "c"])
    assert cohort_id(["a", "b"]).startswith("2 methods, ")
    assert cohort_id(["a"]).startswith("1 method, ")


def setting(**over):
    fields = {
        "name": "phantom_tiny",
        "dataset": "phantom",
        "regime": "tiny",
        "patch_size": (4, 4, 4),
        "starting_budget": 30,
        "query_size": 30,
    }
    return Setting(**fields | over)


LONG = setting(name="phantom_long", training=Training(epochs=500))
SMALL = setting(name="phantom_small", query_size=15, loops=9, candidates=15)


def test_training_lengths():
    assert key_ignoring_epochs("data", setting()) == key_ignoring_epochs("data", LONG)
    assert key_ignoring_query_size("data", setting()) != key_ignoring_query_size("data", LONG)


def test_query_sizes():
    assert key_ignoring_query_size("data", setting()) == key_ignoring_query_size("data", SMALL)
    assert key_ignoring_epochs("data", setting()) != key_ignoring_epochs("data", SMALL)


def test_patches():
    half = setting(name="phantom_half", patch_size=(2, 4, 4), stride=(8, 8, 8), candidates=15)
    assert key_ignoring_patch("data", setting()) == key_ignoring_patch("data", half)
    for other in (LONG, SMALL):
        assert key_ignoring_patch("data", setting()) != key_ignoring_patch("data", other)
    assert key_ignoring_patch("data", setting()) != key_ignoring_patch("others", setting())


@pytest.mark.parametrize("family", [key_ignoring_epochs, key_ignoring_query_size])
@pytest.mark.parametrize(
    "other",
    [
        setting(patch_size=(2, 4, 4)),
        setting(starting_budget=15),
        setting(training=Training(folds=2)),
        setting(query_size=15),
        setting(regime="other"),
    ],
)
def test_anything_else_parts_them(family, other):
    assert family("data", setting()) != family("data", other)


@pytest.mark.parametrize("family", [key_ignoring_epochs, key_ignoring_query_size])
def test_other_data_part_them(family):
    assert family("data", setting()) != family("others", setting())
