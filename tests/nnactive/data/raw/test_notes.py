from pathlib import Path

import numpy as np
import pytest

from nnactive.data.check.case_facts import look
from nnactive.data.check.dataset import judge
from nnactive.data.raw.loading import ROUNDED, load_case, mapped_label
from nnactive.data.raw.scan import scan
from nnactive.errors import UserError


def test_labels_that_differ_by_rounding_are_rounded_with_a_note(tiny):
    _, label = tiny.case(1)
    noise = np.random.default_rng(1).uniform(-9e-4, 9e-4, label.shape).astype(np.float32)
    tiny.write(tiny.label(1), label + noise, (2, 1, 1))
    card = tiny.card()
    case = scan(tiny.raw, card)[0]
    np.testing.assert_array_equal(load_case(case, 3).label, label)
    told = ROUNDED.format(0.0009)
    noted = ("labels", "tiny_1.nii.gz", told)
    looked = look(case, card)
    assert (looked.facts.notes, looked.faults) == ((noted,), ())
    (finding,) = (f for f in judge(card, [looked], None) if f.severity == "note")
    assert finding.line == f"labels: tiny_1.nii.gz: {told}"


@pytest.mark.parametrize("value", [0.998, 1.002, 0.5, np.nan, np.inf, 65537, -1])
def test_other_labels_are_refused(value):
    label = np.zeros((2, 2, 2), np.float32)
    label[0, 0, 0] = value
    with pytest.raises(UserError, match=r"label values .* are not among the card's 0 to 1"):
        mapped_label(Path("x.nii"), label, {1: 1})
