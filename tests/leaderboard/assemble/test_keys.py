import re

from leaderboard.assemble import keys as module
from leaderboard.assemble.keys import keys

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
