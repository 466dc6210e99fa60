import numpy as np
import pytest

from nnactive.data.cards import load_card
from nnactive.data.check.components import largest_boxes
from nnactive.data.own.guide import derive
from nnactive.data.own.structure_sizes import prepared_boxes, raw_boxes
from nnactive.data.prepare.prepare import prepare
from nnactive.data.prepared import PreparedDataset
from nnactive.data.raw.scan import scan
from nnactive.errors import UserError


def silent(*_):
    return None


def box(*size):
    return np.array([size], float)


def test_the_box_is_that_of_each_classs_largest_component():
    label = np.zeros((12, 20, 20), np.int16)
    label[0:3, 0:4, 0:5] = 1
    label[3:5, 0:1, 0:1] = 2  # touches class 1, but is another class
    label[8:10, 8:9, 8:18] = 1  # longer, but of fewer voxels
    label[3, 4, 5] = 1  # touches the first part by a corner alone
    np.testing.assert_array_equal(largest_boxes(label, 4)[:2], [(4, 5, 6), (2, 1, 1)])
    assert np.isnan(largest_boxes(label, 4)[2]).all()


def test_an_empty_label_map_has_no_box():
    assert np.isnan(largest_boxes(np.zeros((2, 3, 4), np.int16), 3)).all()


def test_the_patch_is_the_median_over_cases_then_over_classes_an_axis():
    nan = (np.nan,) * 3
    cases = [
        np.array([(2, 10, 30), (4, 40, 4)], float),
        np.array([(3, 12, 20), (5, 41, 4)], float),
        np.array([(9, 50, 10), nan], float),
    ]
    found = derive(("a", "b"), cases, (1, 1, 1), high_variance=("b",))
    first, second = found.classes
    assert (first.cases, first.box) == (3, (3, 12, 20))
    assert (second.cases, second.box) == (2, (4.5, 40.5, 4))
    # Halves are rounded up: (3.75, 26.25, 12).
    assert found.patch == (4, 26, 12)
    assert (first.patches, second.patches) == (50, 100)
    assert (found.patches_per_loop, found.loops, found.budget) == (150, 5, 750)


def test_one_class_alone_may_decide_the_patch():
    cases = [np.array([(9, 9, 9), (3, 4, 5)], float)]
    found = derive(("liver", "cancer"), cases, (1, 1, 1), ("cancer",), only=("cancer",))
    assert found.patch == (3, 4, 5)
    assert [each.decides for each in found.classes] == [False, True]


def test_the_spread_is_that_of_the_boxs_volume():
    found = derive(("a",), [box(1, 1, n) for n in (2, 4, 8, 16, 32)], (1, 1, 1))
    assert found.classes[0].spread == (0.5, 2.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"high_variance": ("tumor",)}, "no foreground class 'tumor'; choose from: a, b"),
        ({"only": ("c",)}, "no foreground class 'c'"),
        ({}, "class 'b': occurs in no label map"),
    ],
)
def test_wrong_classes_are_named(arguments, message):
    cases = [np.array([(1, 1, 1), (np.nan,) * 3])]
    with pytest.raises(UserError, match=message):
        derive(("a", "b"), cases, (1, 1, 1), **arguments)


@pytest.mark.parametrize(
    ("name", "tumours"),
    [("lits", ("cancer",)), ("word", ()), ("toothfairy2", ()), ("mama_mia", ("lesion",))],
)
def test_the_rule_gives_the_budgets_of_the_papers_roll_out(name, tumours):
    """Lüth et al. 2026 state the rule and ran these budgets: each must give the other."""
    card = load_card(name)
    assert card.tumour == tumours
    assert card.patch_from == (tumours if name == "lits" else ())
    ones = np.ones((len(card.classes) - 1, 3))
    found = derive(card.classes[1:], [ones], (1, 1, 1), tumours)
    budget = card.budgets["rollout"]
    assert (found.patches_per_loop, found.loops) == (budget.starting, budget.loops)
    assert budget.query == budget.starting


def test_raw_and_prepared_label_maps_give_the_same_patch(tiny, tmp_path):
    raw = raw_boxes(tiny.card(), scan(tiny.raw, tiny.card()), silent)
    prepare(tiny.card(), tiny.raw, tmp_path / "tiny", 1, silent)
    prepared = prepared_boxes(tiny.card(), PreparedDataset(tmp_path / "tiny"), silent)
    assert raw.spacing == prepared.spacing == (2, 1, 1)
    np.testing.assert_allclose(raw.cases, prepared.cases)
    assert derive(("ball", "dot"), raw.cases, raw.spacing).patch == (4, 4, 4)
    other = tiny.card(labels={"background": 0, "ball": 1, "dot": 2, "more": 3})
    with pytest.raises(UserError, match="prepared from another card"):
        prepared_boxes(other, PreparedDataset(tmp_path / "tiny"), silent)


def test_raw_sizes_are_scaled_to_the_target_spacing(tiny):
    card = tiny.card(spacing=[4.0, 0.5, 2.0])
    found = raw_boxes(card, scan(tiny.raw, card), silent)
    # The ball has 5 x 6 x 6 voxels of 2 x 1 x 1 mm.
    np.testing.assert_allclose(found.cases[0][0], (2.5, 12, 3))


def test_axes_are_in_the_order_of_the_prepared_image(tiny):
    card = tiny.card(spacing=[1.0, 2.0, 0.5])
    found = raw_boxes(card, scan(tiny.raw, card), silent)
    # nnU-Net puts the axis of the coarsest spacing first.
    assert found.spacing == (2, 1, 0.5)
    np.testing.assert_allclose(found.cases[0][0], (3, 10, 12))


def test_the_spacing_is_nnunets_where_the_card_names_none(tiny):
    card = tiny.card(spacing=None)
    assert raw_boxes(card, scan(tiny.raw, card), silent).spacing == (2, 1, 1)


def test_no_image_is_opened_if_the_spacing_is_known(tiny):
    card = tiny.card()
    for number in range(1, 9):
        tiny.image(number).write_bytes(b"no image")
    assert len(raw_boxes(card, scan(tiny.raw, card), silent).cases) == 8


def test_a_foreign_label_value_names_the_file(tiny):
    label = tiny.case(3)[1]
    label[0, 0, 0] = 7
    tiny.write(tiny.label(3), label, (2, 1, 1))
    with pytest.raises(UserError, match=r"tiny_3\.nii\.gz: label values 7"):
        raw_boxes(tiny.card(), scan(tiny.raw, tiny.card()), silent)


def test_progress_is_told_case_by_case(tiny):
    told = []
    raw_boxes(tiny.card(), scan(tiny.raw, tiny.card()), lambda *step: told.append(step))
    assert told == [("measure", done, 8) for done in range(9)]
