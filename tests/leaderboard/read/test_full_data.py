import pytest

from benchmark.tracks import load_track
from leaderboard.read.facts import facts_of
from leaderboard.read.full_data import with_full_data, with_slices_of_the_card
from leaderboard.undefined import Undefined

SETTING = load_track("main").settings[0]


@pytest.fixture
def of_the_paper(make, change):
    """A result whose setting is the papers', with a full-data Dice as given."""

    def result(dice, setting=SETTING):
        made = change(make(), "dataset", name=setting.dataset, full_data_dice=dice)
        return facts_of(made.model_copy(update={"setting": setting}))

    return result


def test_the_card_knows_the_full_data_dice(of_the_paper):
    known = with_full_data(of_the_paper(None)).dataset.full_data_dice
    assert 0.8 < known < 1
    assert with_full_data(of_the_paper(known)) == of_the_paper(known)


def test_a_file_that_says_otherwise_is_not_used(of_the_paper):
    found = with_full_data(of_the_paper(0.5))
    assert isinstance(found, Undefined)
    assert found.reason.startswith("full_data_dice is 0.5, but the card of acdc says 0.91")


def test_where_no_card_knows_it_the_file_does(of_the_paper, full):
    other = SETTING.model_copy(
        update={"training": SETTING.training.model_copy(update={"epochs": 7})}
    )
    assert with_full_data(of_the_paper(0.5, other)).dataset.full_data_dice == 0.5
    assert with_full_data(facts_of(full())).dataset.full_data_dice == 0.9


@pytest.mark.parametrize(
    ("dataset", "axis", "stays"),
    [
        ("kits", 0, False),
        ("kits", 2, True),
        ("acdc", 0, True),
        ("acdc", 1, False),
        ("own", 1, True),
    ],
)
def test_effort_across_another_axis_than_the_cards_is_no_effort(
    worked, change, dataset, axis, stays
):
    """Results of KiTS from before the axis was recorded counted across z."""
    result = change(worked(), "dataset", name=dataset, slice_axis=axis)
    setting = result.setting.model_copy(update={"dataset": dataset})
    facts = facts_of(result.model_copy(update={"setting": setting}))
    found = with_slices_of_the_card(facts)
    efforts = [found.dataset.pool_effort, *(loop.effort for loop in found.loops)]
    assert (found == facts) == stays
    assert all((effort is not None) == stays for effort in efforts)
    assert [loop.dice for loop in found.loops] == [loop.dice for loop in facts.loops]
