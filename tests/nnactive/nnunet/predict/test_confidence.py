import numpy as np
import pytest
import torch

from nnactive.nnunet.predict.confidence import MeanProbabilities


def logits(members: int, classes: int = 3, shape: tuple[int, ...] = (5, 6, 7)) -> torch.Tensor:
    made = np.random.default_rng(members).normal(size=(members, classes, *shape)) * 4
    return torch.from_numpy(made).half()


@pytest.mark.parametrize("members", [1, 2, 5])
def test_the_confidence_is_the_mean_probability_of_the_label(members) -> None:
    each = logits(members)
    found = MeanProbabilities(members)
    for one in each:
        found.add(one)
    labels = each.float().mean(dim=0).argmax(dim=0)
    mean = torch.softmax(each.float(), dim=1).mean(dim=0)
    wanted = mean.gather(0, labels[None])[0].numpy()
    confidence = found.of(labels.numpy().astype(np.int16))
    assert confidence.dtype == np.float32
    np.testing.assert_allclose(confidence, wanted, atol=members / 2 / 32767 + 1e-6)


@pytest.mark.parametrize("members", [1, 2, 3, 5, 10])
def test_certainty_is_1_and_no_sum_overflows(members) -> None:
    found = MeanProbabilities(members)
    certain = torch.stack([torch.full((2, 2, 2), 100.0), torch.full((2, 2, 2), -100.0)])
    for _ in range(members):
        found.add(certain)
    assert (found.of(np.zeros((2, 2, 2), dtype=np.int16)) == 1).all()
    assert (found.of(np.ones((2, 2, 2), dtype=np.int16)) == 0).all()


def test_logits_stay_as_they_are() -> None:
    each = logits(1)[0]
    before = each.clone()
    MeanProbabilities(1).add(each)
    assert torch.equal(each, before)


def test_without_a_member_there_is_none() -> None:
    with pytest.raises(ValueError, match="no member"):
        MeanProbabilities(1).of(np.zeros((1, 1, 1), dtype=np.int16))
