import numpy as np
import pytest

from nnactive.data.cards import Split
from nnactive.data.split import split_cases
from nnactive.errors import UserError

# Test patients of ACDC in the authors' own split, which the rule reproduces (protocol section 2).
ACDC_TEST = {
    *(1, 4, 7, 15, 20, 33, 34, 35, 42, 45, 48, 52, 55, 59, 60, 61, 70, 71, 74),
    *(84, 85, 87, 93, 94, 98),
}


def test_acdc_gets_the_authors_split_by_patient():
    cases = [f"patient{p:03d}_frame{f:02d}" for p in range(1, 101) for f in (1, 12)]
    pool, test = split_cases(cases, Split(group=r"(patient\d+)_"))
    assert test == [f"patient{p:03d}_frame{f:02d}" for p in sorted(ACDC_TEST) for f in (1, 12)]
    assert sorted(pool + test) == cases
    assert pool == sorted(pool)


def test_order_of_files_does_not_matter():
    cases = [f"case_{i}" for i in range(21)]
    shuffled = list(np.random.default_rng(0).permutation(cases))
    assert split_cases(shuffled, Split()) == split_cases(cases, Split())
    assert len(split_cases(cases, Split())[1]) == 5


def test_a_case_without_patient_is_named():
    with pytest.raises(UserError, match="case 'x_1'"):
        split_cases(["p1_1", "p2_1", "p3_1", "x_1"], Split(group=r"^(p\d)"))


def test_too_few_patients():
    with pytest.raises(UserError, match="3 patients"):
        split_cases(["p1_1", "p1_2", "p2_1", "p3_1"], Split(group=r"^(p\d)"))
