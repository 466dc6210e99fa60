import numpy as np
import pytest
import torch
from support import peak_growth

from nnactive.nnunet.predict import segmentation as module
from nnactive.nnunet.predict.segmentation import segmentation


@pytest.mark.parametrize("classes", [1, 2, 43, 255, 300])
def test_labels_are_torchs_argmax_also_among_equals(classes, monkeypatch) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 100)  # several slabs
    logits = torch.randint(-2, 3, (classes, 7, 6, 5)).half()
    logits[:, 0, 0, 0] = -0.0
    logits[-1, 1] = 9
    found = segmentation(logits)
    assert found is not None
    assert found.dtype == np.int16
    np.testing.assert_array_equal(found, logits.argmax(0).numpy())


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("place", [(0, 0, 0, 0), (2, 3, 1, 1)])
def test_an_unusable_logit_is_noticed_wherever_it_is(bad, place) -> None:
    logits = torch.zeros(3, 4, 2, 2).half()
    assert segmentation(logits) is not None
    logits[place] = bad
    assert segmentation(logits) is None
    logits[(1, *place[1:])] = -bad
    assert segmentation(logits) is None


def test_the_largest_numbers_of_half_precision_are_finite() -> None:
    assert segmentation(torch.full((60, 2, 2, 2), torch.finfo(torch.half).max).half()) is not None


def test_the_memory_is_hardly_more_than_the_labels() -> None:
    logits = torch.zeros(12, 64, 128, 128).half()
    size = logits[0].numel() * 2 / 2**20
    assert peak_growth(lambda: segmentation(logits)) < size + 16
