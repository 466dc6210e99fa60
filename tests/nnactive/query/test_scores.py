import numpy as np
import pytest
import torch
from scipy.stats import entropy as scipy_entropy

from nnactive.query.scores import entropy, expected_entropy, mutual_information

rng = np.random.default_rng(5)
MEMBERS = rng.dirichlet([0.3] * 4, size=(3, 2, 3, 5)).transpose(0, 4, 1, 2, 3).astype(np.float32)


def tensors(array=MEMBERS):
    return [torch.from_numpy(member) for member in array]


def test_entropy_of_known_distributions():
    p = torch.tensor([[0.5, 1.0, 0.25], [0.5, 0.0, 0.75]]).reshape(2, 1, 1, 3)
    three_quarters = -(0.25 * np.log(0.25) + 0.75 * np.log(0.75))
    expected = [np.log(2), 0.0, three_quarters]
    np.testing.assert_allclose(entropy(p).ravel(), expected, atol=1e-6)
    assert torch.signbit(entropy(p)).sum() == 0


@pytest.mark.parametrize("shape", [(4,), (4, 3), (4, 3, 2), (4, 3, 2, 5)])
def test_entropy_of_any_shape(shape):
    probabilities = rng.dirichlet([0.5] * 4, size=shape[1:])
    p = np.moveaxis(probabilities, -1, 0).copy()
    found = entropy(torch.from_numpy(p))
    np.testing.assert_allclose(found, scipy_entropy(p, axis=0), atol=1e-12)
    assert torch.isnan(entropy(torch.from_numpy(p * np.nan))).all()


def test_scores_agree_with_scipy():
    mean = MEMBERS.astype(np.float64).mean(axis=0)
    expected = scipy_entropy(MEMBERS.astype(np.float64), axis=1).mean(axis=0)
    np.testing.assert_allclose(entropy(torch.from_numpy(mean)), scipy_entropy(mean, axis=0))
    np.testing.assert_allclose(expected_entropy(iter(tensors())), expected, atol=1e-5)
    information = mutual_information(
        torch.from_numpy(mean).float(), torch.from_numpy(expected).float()
    )
    np.testing.assert_allclose(information, scipy_entropy(mean, axis=0) - expected, atol=1e-5)


def test_equal_members_share_no_information_and_none_is_negative():
    member = tensors()[0]
    mean = member * (1 - 1e-6)
    information = mutual_information(mean, entropy(member) + 1e-6)
    assert information.min() == 0
    assert information.max() < 1e-5


def test_inputs_stay_unchanged():
    mean, expected = tensors()[0], entropy(tensors()[1])
    kept = mean.clone(), expected.clone()
    mutual_information(mean, expected)
    assert torch.equal(mean, kept[0])
    assert torch.equal(expected, kept[1])


def test_no_member_is_an_error():
    with pytest.raises(ValueError, match="at least one member"):
        expected_entropy(iter([]))


def test_entropy_takes_any_shape_with_the_classes_first():
    volume = torch.softmax(torch.randn(3, 5, 40, 50, requires_grad=True), dim=0)
    expected = scipy_entropy(volume.detach().numpy(), axis=0)
    for shape in [(3, 5, 40, 50), (3, 200, 50), (3, 10_000)]:
        found = entropy(volume.reshape(shape))
        assert found.shape == shape[1:]
        np.testing.assert_allclose(found.numpy().reshape(5, 40, 50), expected, rtol=1e-5)
    assert entropy(torch.tensor([0.5, 0.5])).item() == pytest.approx(np.log(2))
