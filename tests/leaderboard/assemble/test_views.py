from leaderboard.assemble.cells import Cells
from leaderboard.assemble.table import Frame
from leaderboard.assemble.views import make_views
from leaderboard.model import Block, Value


def block(key, dataset="d", regime="low", patch_role="query patch"):
    return Block(
        key=key,
        name=key,
        dataset=dataset,
        regime=regime,
        patch="4 x 4 x 4",
        epochs=200,
        about=(),
        seeds=(),
        full_data=Value(),
        rows=(),
        patch_role=patch_role,
    )


def views(*blocks, entrants=None):
    cells = {each.key: Cells(each.name, each.key, {}) for each in blocks}
    return make_views(Frame(("t",), (), entrants or {}, entrants or {}, frozenset()), blocks, cells)


def test_one_view_per_different_choice_with_as_few_filters_as_possible():
    found = views(block("a", "acdc", "low"), block("b", "acdc", "high"), block("c", "kits", "low"))
    assert [(v.dataset, v.regime, v.patch, v.settings) for v in found] == [
        (None, None, None, ("a", "b", "c")),
        (None, "low", None, ("a", "c")),
        (None, "high", None, ("b",)),
        ("acdc", None, None, ("a", "b")),
        ("kits", None, None, ("c",)),
        ("acdc", "low", None, ("a",)),
    ]


def test_the_full_study_has_a_view_for_each_choice():
    datasets, regimes = ("acdc", "amos", "hippocampus", "kits"), ("low", "medium", "high")
    roles = ("query patch", "half patch")
    blocks = [block(f"{d}_{r}_{p}", d, r, p) for d in datasets for r in regimes for p in roles]
    assert len(views(*blocks)) == (1 + 4) * (1 + 3) * (1 + 2)


def test_a_block_without_a_role_is_chosen_by_its_sizes():
    found = views(block("a", patch_role=""), block("b"))
    assert [view.patch for view in found] == [None, "4 x 4 x 4", "query patch"]


def test_a_single_block_has_a_single_view():
    assert len(views(block("a"))) == 1
