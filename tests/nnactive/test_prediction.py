import weakref

import numpy as np
import pytest
import torch
from scipy.stats import entropy as scipy_entropy

from nnactive.errors import MethodError, NnactiveError
from nnactive.prediction import fold

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


def test_members_come_anew_one_at_a_time():
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


@pytest.mark.parametrize(
    "member",
    [
        spoilt(float("nan")),
        spoilt(float("inf")),
        spoilt(-float("inf")),
        softmax(1) * 1.002,
        softmax(1) * 0.998,
        spoilt(float("nan"), channel=3),
        torch.stack([-softmax(1)[0], 1 + softmax(1)[0], *[torch.zeros(SHAPE[1:])] * 2]),
        softmax(1)[:, :2],
        softmax(1)[0],
    ],
)
def test_broken_probabilities_name_case_and_member(member):
    with pytest.raises(NnactiveError, match="case_7: member 1") as caught:
        fold("case_7", lambda: iter([softmax(0), member]), BOTH)
    assert not isinstance(caught.value, MethodError)
    assert "\n" not in str(caught.value)


def test_half_precision_within_tolerance_is_accepted():
    prediction = fold("a", lambda: iter([softmax(0).half()]), BOTH)
    assert prediction.mean.dtype == torch.float32


def test_no_member_is_an_error():
    with pytest.raises(NnactiveError, match="no member"):
        fold("a", lambda: iter([]), BOTH)
