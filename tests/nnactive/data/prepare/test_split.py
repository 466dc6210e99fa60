import json

import numpy as np
import pytest

from nnactive.data.card_fields import Split
from nnactive.data.cards import Card
from nnactive.data.prepare.split import split_cases
from nnactive.errors import UserError

# Test patients of ACDC in the authors' split, which the rule reproduces (protocol section 2).
ACDC_TEST = {
    *(1, 4, 7, 15, 20, 33, 34, 35, 42, 45, 48, 52, 55, 59, 60, 61, 70, 71, 74),
    *(84, 85, 87, 93, 94, 98),
}


def by(folder=None, **rule):
    return Card.model_construct(name="tiny", folder=folder, split=Split(**rule))


def listed(folder, content):
    (folder / "split.json").write_text(json.dumps(content))
    return by(folder, kind="authors", file="split.json", group=r"^(p\d)")


def test_acdc_gets_the_authors_split_by_patient():
    cases = [f"patient{p:03d}_frame{f:02d}" for p in range(1, 101) for f in (1, 12)]
    pool, test = split_cases(cases, by(group=r"(patient\d+)_"))
    assert test == [f"patient{p:03d}_frame{f:02d}" for p in sorted(ACDC_TEST) for f in (1, 12)]
    assert sorted(pool + test) == cases
    assert pool == sorted(pool)


def test_order_of_files_does_not_matter():
    cases = [f"case_{i}" for i in range(21)]
    shuffled = list(np.random.default_rng(0).permutation(cases))
    assert split_cases(shuffled, by()) == split_cases(cases, by())
    assert len(split_cases(cases, by())[1]) == 5


def test_a_case_without_patient_is_named():
    with pytest.raises(UserError, match="case 'x_1'"):
        split_cases(["p1_1", "p2_1", "p3_1", "x_1"], by(group=r"^(p\d)"))


def test_too_few_patients():
    with pytest.raises(UserError, match=r"tiny: 3 patients, but at least 4 are needed: a quarter"):
        split_cases(["p1_1", "p1_2", "p2_1", "p3_1"], by(group=r"^(p\d)"))


IDS = [f"p{p}_{f}" for p in range(1, 6) for f in (1, 2)]


def test_a_list_decides_where_the_folder_has_one(tmp_path):
    pool, test = split_cases(IDS[::-1], listed(tmp_path, {"test": ["p5", "p2"]}))
    assert test == ["p2_1", "p2_2", "p5_1", "p5_2"]
    assert sorted(pool + test) == IDS
    assert pool == sorted(pool)


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ({"test": ["p2", "p7"]}, "lists 'p7', which has no case"),
        ({"test": "p2"}, "field 'test': must be a list"),
        ({"test": [2]}, "field 'test': must be a list"),
        ([], "field 'test': must be a list"),
        ({"test": []}, "must leave cases in both"),
        ({"test": ["p1", "p2", "p3", "p4", "p5"]}, "must leave cases in both"),
    ],
)
def test_a_wrong_list_is_refused_by_file(tmp_path, content, cause):
    with pytest.raises(UserError, match=r"split\.json: .*" + cause) as refusal:
        split_cases(IDS, listed(tmp_path, content))
    assert "\n" not in str(refusal.value)
