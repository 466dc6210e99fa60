"""A person's labels become what a benchmark's complete label maps would have become."""

import numpy as np
import pytest
from livers import IGNORE, Person

from nnactive.data.prepared import PreparedDataset
from nnactive.errors import NnactiveError, UserError
from nnactive.geometry import Patch
from nnactive.labels import partial_label
from nnactive.oracle.base import Oracle
from nnactive.oracle.choose import oracle_of
from nnactive.oracle.drawn import voxels_file


@pytest.fixture
def person(livers):
    return Person(livers)


def patches_of(case, shape):
    """Adjacent ones, some at the image's edges."""
    z, y, x = shape
    return [
        Patch(case, (0, 0, 0), (5, 6, 7)),
        Patch(case, (5, 0, 0), (4, 6, 7)),
        Patch(case, (5, 6, 3), (6, 4, 7)),
        Patch(case, (z - 4, y - 3, x - 3), (4, 3, 3)),
    ]


@pytest.mark.parametrize("case", ["case_0", "case_1"])
def test_labels_are_those_of_the_benchmark(person, case):
    patches = patches_of(case, person.benchmark(case).shape)
    for patch in patches:
        person.draws(patch)
    wanted = partial_label(person.benchmark(case), patches, IGNORE)
    assert set(np.unique(wanted)) == {0, 1, 2, IGNORE}
    found = person.oracle.labels(case, patches)
    assert found.dtype == np.int16
    np.testing.assert_array_equal(found, wanted)
    some = patches[1:3]
    np.testing.assert_array_equal(
        person.oracle.labels(case, some), partial_label(person.benchmark(case), some, IGNORE)
    )


def test_only_what_was_imported_is_labelled(person):
    first, second, *_ = patches_of("case_1", (18, 10, 13))
    oracle: Oracle = person.oracle
    assert oracle.labelled([first, second]) == []
    assert (oracle.labels("case_1", []) == IGNORE).all()
    with pytest.raises(NnactiveError, match="has no labels yet"):
        oracle.labels("case_1", [first])
    person.draws(second)
    person.oracle.labels("case_1", [second])
    with pytest.raises(NnactiveError, match="has no labels yet"):
        person.oracle.labels("case_1", [first, second])
    assert person.oracle.labelled([first, second]) == [second]
    assert oracle.labelled([first, second]) == [], "its answers are of one moment"


def test_a_correction_changes_the_version_of_its_case(person):
    patch, other = Patch("case_1", (3, 3, 3), (4, 4, 4)), Patch("case_0", (0, 0, 0), (2, 2, 2))
    person.draws(patch, name="p01")
    person.draws(other)
    before, same = (person.oracle.version(p.case, [p]) for p in (patch, other))
    corrected = np.full_like(person.folder.labels["case_1"], 2)
    person.draws(patch, corrected, name="p01")
    after = person.oracle.version("case_1", [patch])
    assert after != before
    assert person.oracle.version("case_0", [other]) == same
    assert person.oracle.version("case_1", [patch, other]) == after
    assert (person.oracle.labels("case_1", [patch])[patch.slices] == 2).all()


def test_in_the_margin_of_a_neighbour_a_patch_keeps_its_own_labels(person):
    case = "case_1"
    left, right = Patch(case, (2, 2, 2), (4, 4, 4)), Patch(case, (2, 2, 6), (4, 4, 4))
    shape = person.folder.labels[case].shape
    for order in ((left, right), (right, left)):
        values = {left: 1, right: 2}
        for patch in order:
            person.draws(patch, np.full(shape, values[patch], np.uint8), name=str(values[patch]))
        found = person.oracle.labels(case, [right, left])
        assert (found[2:6, 2:6, 2:5] == 1).all()
        assert (found[2:6, 2:6, 7:10] == 2).all()
    alone = person.oracle.labels(case, [left])
    assert (alone[left.slices] == 1).all()
    assert (alone == IGNORE).sum() == alone.size - left.voxels


def test_what_was_read_once_is_not_resampled_again(person, monkeypatch):
    patch = Patch("case_1", (3, 3, 3), (4, 4, 4))
    person.draws(patch)
    oracle = person.oracle
    first = oracle.labels("case_1", [patch])
    first[:] = 7
    monkeypatch.setattr("nnactive.oracle.person.patch_to_prepared", None)
    again = oracle.labels("case_1", [patch])
    np.testing.assert_array_equal(again, partial_label(person.benchmark("case_1"), [patch], IGNORE))


def test_damaged_labels_are_named(person):
    patch = Patch("case_1", (3, 3, 3), (4, 4, 4))
    drawn = person.draws(patch, name="p07")
    file = voxels_file(person.folder.root / "labels" / "round_00" / "p07", drawn)
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(UserError, match=r"p07/0001.nii.gz: isn't what was imported"):
        person.oracle.labels("case_1", [patch])


def test_a_project_may_move(person, tmp_path):
    patch = Patch("case_1", (3, 3, 3), (4, 4, 4))
    person.draws(patch)
    before = person.oracle.labels("case_1", [patch])
    moved = tmp_path / "elsewhere"
    person.folder.root.rename(moved)
    oracle = oracle_of(PreparedDataset(moved / "work" / "data" / "livers"), None, 0)
    np.testing.assert_array_equal(oracle.labels("case_1", [patch]), before)
