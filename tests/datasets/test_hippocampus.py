"""The real Hippocampus, if its data are beside the repository."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from nnactive.data.cards import load_card
from nnactive.data.prepare.prepare import prepare
from nnactive.data.prepare.split import split_cases
from nnactive.data.prepared import INFO, PreparedDataset
from nnactive.data.raw.loading import load_case
from nnactive.data.raw.raw_checksums import list_files, listing_hash
from nnactive.data.raw.scan import scan
from nnactive.data.verify import verify

HERE = Path(__file__).resolve().parents[2]
RAW = HERE.parent / "shared" / "data" / "hippocampus"
pytestmark = pytest.mark.skipif(
    not RAW.is_dir(), reason=f"the data is not at ../{RAW.relative_to(RAW.parents[2])}"
)

# From the project's facts: voxel totals of the test set that the sorted rule gives.
TEST_VOXELS = 4_112_084
TEST_FOREGROUND = (115_771, 105_396)


@pytest.fixture(scope="module")
def cases():
    return scan(RAW, load_card("hippocampus"))


def test_all_260_cases_are_there(cases):
    assert len(cases) == 260
    assert (cases[0].id, cases[-1].id) == ("hippocampus_001", "hippocampus_394")


def test_the_rule_gives_the_known_test_set(cases):
    pool, test = split_cases([case.id for case in cases], load_card("hippocampus"))
    assert (len(pool), len(test)) == (195, 65)
    assert [name[-3:] for name in test[:6]] == ["001", "003", "004", "026", "033", "040"]
    assert [name[-3:] for name in test[-4:]] == ["380", "383", "390", "393"]
    assert (
        hashlib.sha256(" ".join(test).encode()).hexdigest()
        == "5681b2503dda3a3d998c5fbd684a95d11ba744cc0f03699d3261e698b9a4134a"
    )


def test_the_test_set_has_the_known_voxels(cases):
    _, test = split_cases([case.id for case in cases], load_card("hippocampus"))
    counts = np.zeros(3, int)
    for case in cases:
        if case.id in set(test):
            counts += np.bincount(load_case(case, 3).label.ravel(), minlength=3)
    assert counts.sum() == TEST_VOXELS
    assert tuple(counts[1:]) == TEST_FOREGROUND


def test_labels_stored_as_floats_are_taken(cases):
    by_id = {case.id: case for case in cases}
    for number in ("003", "243"):
        assert set(np.unique(load_case(by_id[f"hippocampus_{number}"], 3).label)) == {0, 1, 2}


@pytest.fixture(scope="module")
def prepared(cases, tmp_path_factory):
    """All cases, prepared: by the real command in this checkout, as CI does it, or else here."""
    card = load_card("hippocampus")
    folder = HERE / "data" / "hippocampus"
    if (folder / INFO).is_file():
        dataset = PreparedDataset(folder)
        made_of = (card.preparation_hash(), listing_hash(list_files(cases)))
        if (dataset.info.source, dataset.info.raw_listing) == made_of:
            return dataset
    folder = tmp_path_factory.mktemp("data") / "hippocampus"
    prepare(card, RAW, folder, None, lambda *_: None)
    return PreparedDataset(folder)


@pytest.mark.slow
def test_all_cases_go_through_preparation_and_verification(prepared):
    info = prepared.info
    assert (len(info.pool), len(info.test)) == (195, 65)
    assert (info.spacing, info.split_kind) == ((1, 1, 1), "rule")
    test = voxels(prepared.test_label(case.id) for case in info.test)
    pool = voxels(prepared.pool_label(case.id) for case in info.pool)
    assert (test.sum(), *test[1:]) == (TEST_VOXELS, *TEST_FOREGROUND)
    assert len(test) == len(pool) == 3
    assert tuple(pool) == info.pool_voxels
    findings = verify(load_card("hippocampus"), prepared, lambda *_: None)
    assert [finding for finding in findings if not finding.ok] == []
    (told,) = (finding.detail for finding in findings if finding.what == "test set")
    assert told.startswith("the rule's split: 4,112,084 voxels, 221,167 of them foreground")


def voxels(labels):
    """Sums by label value; ``(3,)`` where 0, 1 and 2 are the values."""
    counts = [np.bincount(label.ravel(), minlength=3) for label in labels]
    return np.sum(counts, axis=0) if len({len(count) for count in counts}) == 1 else np.empty(0)
