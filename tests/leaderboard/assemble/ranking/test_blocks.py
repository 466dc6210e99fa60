from itertools import combinations

import numpy as np
import pytest

from leaderboard.assemble.cells import Cell, Cells
from leaderboard.assemble.ranking import blocks
from leaderboard.assemble.ranking.blocks import Block, complete_settings, largest_block
from leaderboard.undefined import Undefined


def having(**settings):
    """Methods by name, with the settings in which they are complete, one letter each."""
    return {key: frozenset(own) for key, own in settings.items()}


def test_all_settings_if_half_of_the_methods_are_complete_everywhere():
    found = largest_block(having(a="xyz", b="xyz", c="xy", d="z"), "xyz")
    assert found == Block(("a", "b"), ("x", "y", "z"))


def test_otherwise_the_block_with_most_cells():
    found = largest_block(having(a="xyz", b="xy", c="xy", d="xy"), "xyz")
    assert found == Block(("a", "b", "c", "d"), ("x", "y"))


def test_of_equal_blocks_the_one_with_more_settings_then_the_first():
    wide = largest_block(having(a="wxyz", b="wxyz", c="w", d="w", e="wx", f="y"), "wxyz")
    assert wide == Block(("a", "b"), ("w", "x", "y", "z"))
    first = largest_block(having(a="x", b="x", c="y", d="y"), "yx")
    assert first == Block(("c", "d"), ("y",))


def test_one_complete_method_is_no_ranking_if_others_share_a_setting():
    assert largest_block(having(a="xyz", b="x", c="y"), "xyz").settings == ("x",)
    assert largest_block(having(a="xyz", b="", c=""), "xyz") == Block(("a",), ("x", "y", "z"))


def test_without_two_methods_anywhere_all_settings_stay():
    assert largest_block(having(a="x", b="y"), "xy") == Block((), ("x", "y"))
    assert largest_block({}, "xy") == Block((), ("x", "y"))
    assert largest_block({}, "") == Block((), ())


def test_baselines_alone_decide_about_the_settings():
    entries = having(a="xyz", b="xyz", **{f"own{n}": "x" for n in range(9)})
    assert largest_block(entries, "xyz").settings == ("x",)
    found = largest_block(entries, "xyz", baselines={"a", "b"})
    assert found == Block(("a", "b"), ("x", "y", "z"))
    # What a submission has besides doesn't count, but it is ranked where it is complete.
    more = entries | having(c="x", d="x", e="x", own="xyz")
    assert largest_block(more, "xyz", baselines={"a", "c", "d", "e"}).settings == ("x",)


def area(block):
    return len(block.methods) * len(block.settings)


@pytest.mark.parametrize("seed", range(8))
def test_it_is_the_largest_of_all_blocks(seed):
    draw = np.random.default_rng(seed)
    settings = "stuvwxyz"
    entries = {f"m{n}": frozenset(s for s in settings if draw.random() < 0.6) for n in range(9)}
    known = [
        (sum(own.issuperset(chosen) for own in entries.values()), chosen)
        for size in range(1, 9)
        for chosen in combinations(settings, size)
    ]
    best = max(count * len(chosen) for count, chosen in known if count >= 2)
    found = largest_block(entries, settings)
    assert area(found) == best


def test_beyond_twenty_settings_few_blocks_are_tried(monkeypatch):
    settings = [f"s{n:02d}" for n in range(24)]
    entries = {f"m{n}": frozenset(settings[:20]) for n in range(10)}
    entries["odd"] = frozenset(settings[18:])
    found = largest_block(entries, settings)
    assert found == Block(tuple(f"m{n}" for n in range(10)), tuple(settings[:20]))
    small = settings[:8]
    few = {f"m{n}": frozenset(small[:6]) for n in range(4)} | {"odd": frozenset(small[5:])}
    exact = largest_block(few, small)
    monkeypatch.setattr(blocks, "MOST_EXACT", 4)
    assert largest_block(few, small) == exact


def cell(status="complete", sources=("one",)):
    return Cell(status, Undefined("x"), {}, {}, 1, sources=frozenset(sources))


def test_methods_of_several_sources_have_no_settings():
    settings = [
        Cells("x", "s-x", {"a": cell(), "b": cell(), "c": cell("failed")}),
        Cells("y", "s-y", {"a": cell(), "b": cell(sources=("other",))}),
    ]
    assert complete_settings(settings) == {
        "a": {"s-x", "s-y"},
        "b": frozenset(),
        "c": frozenset(),
    }
    assert complete_settings(settings[:1])["b"] == {"s-x"}
