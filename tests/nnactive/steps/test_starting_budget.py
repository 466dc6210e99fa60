import numpy as np
import pytest

from nnactive.errors import NnactiveError, UserError
from nnactive.steps.starting_budget import starting_budget

CLASSES = ("background", "large", "small")


def pool(cases=12, shape=(10, 12, 8), small_in=4):
    """Every case has ``large``; only the first few have a single voxel of ``small``."""
    labels = {}
    for index in range(cases):
        label = np.zeros(shape, dtype=np.int16)
        label[2:5, 3:6, 2:4] = 1
        if index < small_in:
            label[9, 11, index % 8] = 2
        labels[f"case_{index:02d}"] = label
    return labels


def hits(patches, labels, value):
    return [p for p in patches if (labels[p.case][p.slices] == value).any()]


@pytest.mark.parametrize("seed", range(15))
def test_two_patches_of_every_class_in_six_cases(seed, make_dataset):
    labels = pool()
    patches = starting_budget(make_dataset(labels, CLASSES), (4, 4, 4), 6, seed)
    assert len({patch.case for patch in patches}) == 6
    # Fewest cases first: small, then background and large, of equally many, in label order.
    for pair, value in zip((patches[:2], patches[2:4], patches[4:]), (2, 0, 1), strict=True):
        assert len(hits(pair, labels, value)) == 2
    assert all(patch.case <= "case_03" for patch in patches[:2])


def test_a_class_voxel_lies_at_the_patchs_centre(make_dataset):
    labels = {case: np.ones((9, 9, 9), np.int16) for case in "abcd"}
    for label in labels.values():
        label[4, 4, 5] = 0
    patches = starting_budget(make_dataset(labels, CLASSES[:2]), (3, 3, 3), 4, seed=1)
    assert {p.start for p in patches[:2]} == {(3, 3, 4)}


def test_filling_up_may_use_any_case_without_overlap(make_dataset, make_pool, check_patches):
    labels = pool()
    patches = starting_budget(make_dataset(labels, CLASSES), (4, 4, 20), 30, seed=1)
    shapes = {case: label.shape for case, label in labels.items()}
    check_patches(patches, make_pool(shapes=shapes, patch_size=(4, 4, 20)), 30)
    assert {patch.size for patch in patches} == {(4, 4, 8)}
    cases = [patch.case for patch in patches[6:]]
    assert set(cases) == set(labels)
    assert starting_budget(make_dataset(labels, CLASSES), (4, 4, 20), 6, seed=1) != patches[:6]


def test_a_third_of_the_fill_is_at_foreground(make_dataset):
    labels = {}
    for index in range(6):
        label = np.zeros((30, 30, 30), dtype=np.int16)
        label[14, 14, 14] = 1
        labels[str(index)] = label
    hit = 0
    for seed in range(60):
        patches = starting_budget(make_dataset(labels, CLASSES[:2]), (2, 2, 2), 10, seed)
        # Two of the six cases have their only foreground voxel taken already.
        assert len(hits(patches[2:4], labels, 1)) == 2
        hit += len(hits(patches[4:], labels, 1))
    assert hit / 360 == pytest.approx(4 / 6 / 3, abs=0.07)


def test_depends_on_its_names_alone(make_dataset):
    labels = pool()
    again = dict(reversed(labels.items()))
    ask = [
        (labels, "toy", (4, 4, 4), 12, 1),
        (again, "toy", (4, 4, 4), 12, 1),
        (labels, "toy", (4, 4, 4), 12, 2),
        (labels, "other", (4, 4, 4), 12, 1),
        (labels, "toy", (4, 4, 4), 13, 1),
    ]
    one, same, *others = (
        starting_budget(make_dataset(which, CLASSES, name), size, n, seed)
        for which, name, size, n, seed in ask
    )
    assert one == same
    assert all(one != other[: len(one)] for other in others)


@pytest.mark.parametrize(
    ("labels", "size", "told"),
    [
        (pool(), 5, "5 patches is too small for the 3 classes.*at least 6"),
        (pool(small_in=1), 6, "class 'small' has 1 unused pool case left"),
        (pool(small_in=0), 6, "class 'small' has 0 unused"),
        (pool(cases=5, small_in=2), 6, "the pool has 5 cases, .*background included, 6 in all"),
    ],
)
def test_too_small_a_budget_is_the_users_error(labels, size, told, make_dataset):
    with pytest.raises(UserError, match=told):
        starting_budget(make_dataset(labels, CLASSES), (4, 4, 4), size, seed=1)


def test_a_full_pool_is_reported(make_dataset):
    labels = pool(cases=6, shape=(10, 12, 8))
    with pytest.raises(NnactiveError, match="no room for 7 patches"):
        starting_budget(make_dataset(labels, CLASSES), (10, 12, 8), 7, seed=1)


def test_labels_are_read_one_case_at_a_time(make_dataset):
    dataset = make_dataset(pool(), CLASSES)
    starting_budget(dataset, (4, 4, 4), 6, seed=1)
    assert len(dataset.readings) == 12 + 6
