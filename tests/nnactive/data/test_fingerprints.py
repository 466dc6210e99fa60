from nnactive.data.card_fields import Voxels
from nnactive.data.cards import load_card
from nnactive.data.fingerprints import agrees


def test_totals_agree_exactly_and_classes_within_015_percent():
    known = Voxels(voxels=42_721_432, classes=(492_703, 502_775, 533_639))
    assert agrees(42_721_432, (492_703, 503_529, 533_639), known)
    assert not agrees(42_721_432, (492_703, 503_530, 533_639), known)
    assert not agrees(42_721_433, (492_703, 502_775, 533_639), known)


def test_the_cards_have_the_fingerprints_of_the_sorted_hippocampus():
    known = load_card("hippocampus").fingerprints.rule_test
    assert (known.voxels, known.classes) == (4_112_084, (115_771, 105_396))
