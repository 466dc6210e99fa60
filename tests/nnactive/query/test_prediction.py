import weakref

import numpy as np
import pytest
import torch
from scipy.stats import entropy as scipy_entropy
from support import peak_growth

from nnactive.errors import MethodError, NnactiveError, PredictionError
from nnactive.query.prediction import FOLDED, Need, fold

BOTH = frozenset({"mean", "expected_entropy"})
SHAPE = (4, 3, 5, 2)


def softmax(seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.softmax(3 * torch.randn(SHAPE, generator=generator), dim=0)


def test_running_sums_equal_the_plain_computation():
    members = [softmax(seed) for seed in range(5)]
    kept = [member.clone() for member in members]
    prediction = fold("a", lambda: iter(members), BOTH)
    plain = np.stack([m.numpy() for m in members]).astype(np.float64)
    np.testing.assert_allclose(prediction.mean, plain.mean(axis=0), atol=1e-5)
    expected = scipy_entropy(plain, axis=1).mean(axis=0)
    np.testing.assert_allclose(prediction.expected_entropy, expected, atol=1e-5)
    assert prediction.mean.dtype == prediction.expected_entropy.dtype == torch.float32
    assert all(torch.equal(a, b) for a, b in zip(members, kept, strict=True))


def test_no_two_members_are_alive_at_once():
    alive: list[weakref.ref] = []

    def members():
        for seed in range(3):
            assert [ref() for ref in alive if ref() is not None] == []
            array = softmax(seed).numpy().copy()
            alive.append(weakref.ref(array))  # lives as long as any tensor on its memory
            member = torch.from_numpy(array)
            del array
            yield member
            del member

    fold("a", members, BOTH)
    assert len(alive) == 3


def test_members_are_predicted_again_one_at_a_time():
    passes = []

    def members():
        passes.append(1)
        yield from (softmax(0), softmax(1))

    prediction = fold("a", members, frozenset({"mean"}))
    first = [m.clone() for m in prediction.members()]
    assert torch.equal(first[1], softmax(1))
    assert torch.equal(next(prediction.members()), softmax(0))
    assert len(passes) == 3


def test_what_was_not_declared_is_not_computed():
    prediction = fold("case_7", lambda: iter([softmax(0)]), frozenset({"mean"}))
    with pytest.raises(MethodError, match=r"case_7.*expected_entropy.*needs"):
        _ = prediction.expected_entropy

    def never():
        raise AssertionError

    with pytest.raises(MethodError, match="mean"):
        _ = fold("a", never, frozenset()).mean


def spoilt(value, channel=0):
    member = softmax(1)
    member[channel, 1, 2, 1] = value
    return member


BROKEN = {
    "NaN": (spoilt(float("nan")), r"\(contains NaN\)"),
    "NaN elsewhere": (spoilt(float("nan"), channel=3), r"\(contains NaN\)"),
    "infinite": (spoilt(float("inf")), r"\(contains infinite values\)"),
    "minus infinite": (spoilt(-float("inf")), r"\(contains infinite values\)"),
    "too much": (softmax(1) * 1.002, "sums deviate from 1 by 0.002"),
    "too little": (softmax(1) * 0.998, "sums deviate from 1 by 0.002"),
    "one voxel": (spoilt(0.9), "sums deviate from 1 by"),
    "negative": (
        torch.stack([-softmax(1)[0], 1 + softmax(1)[0], *[torch.zeros(SHAPE[1:])] * 2]),
        r"\(contains negative values, -0\.",
    ),
    "classes": (softmax(1)[:2], r"shape \(2, 3, 5, 2\), expected \(4, 3, 5, 2\)"),
    "shape": (softmax(1)[:, :2], r"shape \(4, 2, 5, 2\), expected \(4, 3, 5, 2\)"),
    "axes": (softmax(1)[0], r"shape \(3, 5, 2\)"),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("needs", [BOTH, frozenset({"expected_entropy"})])
def test_broken_probabilities_name_case_member_and_cause(name, needs):
    member, cause = BROKEN[name]
    with pytest.raises(
        PredictionError,
        match=f"^case_7: member 1's output .*{cause}|^case_7: member 1 has .*{cause}",
    ) as caught:
        fold("case_7", lambda: iter([softmax(0), member]), needs)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)


def test_members_one_by_one_are_checked_too():
    prediction = fold("case_7", lambda: iter([softmax(0)]), frozenset({"mean"}))
    prediction._members = lambda: iter([softmax(0), spoilt(float("nan"))])
    with pytest.raises(PredictionError, match="case_7: member 1"):
        list(prediction.members())


def test_a_plain_string_declares_the_same_as_the_enum():
    assert BOTH == frozenset({Need.MEAN, Need.EXPECTED_ENTROPY}) == FOLDED
    assert {"embedding", "features", "history", "members", "network"} | BOTH == set(Need)
    for needs in (BOTH, FOLDED):
        prediction = fold("a", lambda: iter([softmax(0)]), needs)
        assert prediction.mean.shape == SHAPE
        assert prediction.expected_entropy.shape == SHAPE[1:]


def test_an_embedding_is_no_reason_to_predict():
    def never():
        raise AssertionError

    fold("a", never, frozenset({"embedding"}))


@pytest.mark.parametrize("fresh", [False, True])
def test_folding_takes_few_volumes_above_the_member(fresh):
    shape = (3, 80, 256, 256)
    mebibytes = 4 * 80 * 256 * 256 / 2**20
    held = [] if fresh else [torch.full(shape, 1 / 3)]

    def members():
        for _ in range(3):
            yield held[0] if held else torch.full(shape, 1 / 3)

    warm = torch.full((3, 4, 256, 256), 1 / 3)  # large enough to start torch's threads
    fold("a", lambda: iter([warm]), BOTH)
    grown = peak_growth(lambda: fold("a", members, BOTH, fresh=fresh))
    handed_in = 3 * fresh  # made within the measurement
    running_sums, one_at_work = 3 + 1, 1
    assert grown < (handed_in + running_sums + one_at_work + 0.5) * mebibytes


def test_only_members_made_for_the_pass_lend_their_memory():
    kept = [softmax(0), softmax(1)]
    prediction = fold("a", lambda: iter([m.clone() for m in kept]), BOTH, fresh=True)
    same = fold("a", lambda: iter(kept), BOTH)
    assert torch.equal(prediction.mean, same.mean)
    assert torch.equal(prediction.expected_entropy, same.expected_entropy)
    assert torch.equal(kept[0], softmax(0))
    first = softmax(0)
    assert fold("a", lambda: iter([first]), BOTH, fresh=True).mean.data_ptr() == first.data_ptr()


def test_half_precision_within_tolerance_is_accepted():
    prediction = fold("a", lambda: iter([softmax(0).half()]), BOTH)
    assert prediction.mean.dtype == torch.float32


def test_no_member_is_an_error():
    with pytest.raises(NnactiveError, match="no member"):
        fold("a", lambda: iter([]), BOTH)
