import pytest

from leaderboard.assemble.families import but_length, but_query_size
from nnactive.settings import Setting, Training


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
    assert but_length("data", setting()) == but_length("data", LONG)
    assert but_query_size("data", setting()) != but_query_size("data", LONG)


def test_query_sizes():
    assert but_query_size("data", setting()) == but_query_size("data", SMALL)
    assert but_length("data", setting()) != but_length("data", SMALL)


@pytest.mark.parametrize("family", [but_length, but_query_size])
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


@pytest.mark.parametrize("family", [but_length, but_query_size])
def test_other_data_part_them(family):
    assert family("data", setting()) != family("others", setting())
