from leaderboard.assemble.cells import Cells
from leaderboard.assemble.league import make_views
from leaderboard.assemble.ranking.choices import MOST_METHODS, MOST_VALUES, choices
from leaderboard.assemble.table import Frame
from leaderboard.metrics.registry import declared
from leaderboard.model import SettingTable, Value


def setting(key, dataset="d", regime="low", patch_role="query patch"):
    return SettingTable(
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


def views(*settings, entrants=None):
    cells = {each.key: Cells(each.name, each.key, {}) for each in settings}
    return make_views(
        Frame(("t",), declared(), entrants or {}, entrants or {}, frozenset()), settings, cells
    )


def test_one_view_per_different_choice_with_as_few_filters_as_possible():
    found = views(
        setting("a", "acdc", "low"), setting("b", "acdc", "high"), setting("c", "kits", "low")
    )
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
    settings = [setting(f"{d}_{r}_{p}", d, r, p) for d in datasets for r in regimes for p in roles]
    one_value_each = (1 + 4) * (1 + 3) * (1 + 2)
    found = views(*settings)
    # Two or three of four datasets, two of three regimes.
    assert len(found) == one_value_each + 6 + 4 + 3
    assert found[one_value_each].dataset == "acdc, amos"
    several = found[one_value_each].settings
    assert several == tuple(each.key for each in settings if each.dataset in {"acdc", "amos"})
    assert [view.regime for view in found[-3:]] == ["low, medium", "low, high", "medium, high"]


def test_many_values_or_methods_are_not_combined():
    names = [f"d{n}" for n in range(MOST_VALUES + 1)]
    assert len(views(*[setting(name, name) for name in names])) == 1 + len(names)
    five = [setting(name, name) for name in names[:-1]]
    assert len(views(*five)) == 1 + 5 + 10 + 10 + 5
    many = {f"m-{n}": f"m{n}" for n in range(MOST_METHODS + 1)}
    assert len(choices(five, len(many))) == 6 * 2 * 2 * 2


def test_a_block_without_a_role_is_chosen_by_its_sizes():
    found = views(setting("a", patch_role=""), setting("b"))
    assert [view.patch for view in found] == [None, "4 x 4 x 4", "query patch"]


def test_a_single_block_has_a_single_view():
    assert len(views(setting("a"))) == 1
