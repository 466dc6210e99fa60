import weakref
from pathlib import Path

import numpy as np
import pytest
import torch
from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor
from support import Loop, peak_growth

from nnactive.data.prepared import PreparedDataset
from nnactive.errors import UserError
from nnactive.nnunet.predict import ensemble as module
from nnactive.nnunet.predict.ensemble import Ensemble


@pytest.fixture(scope="module")
def image(phantom: Path) -> np.ndarray:
    dataset = PreparedDataset(phantom)
    return dataset.image(dataset.info.pool[0].id)


def ensemble(loop0: Loop, members: list[Path], **options) -> Ensemble:
    settings = {"device": "cpu", "tile_step": 1.0, "mirror": False, **options}
    return Ensemble(loop0.train, members, **settings)


def test_members_come_one_by_one_as_probabilities_of_the_image(loop0: Loop, image) -> None:
    found = list(ensemble(loop0, loop0.members).probabilities(image))
    assert len(found) == 2
    assert not torch.equal(found[0], found[1])
    for member in found:
        assert member.shape == (4, *image.shape[1:])
        assert torch.allclose(member.sum(dim=0), torch.ones(image.shape[1:]), atol=1e-5)


def test_a_member_is_the_same_alone_and_in_an_ensemble(loop0: Loop, image) -> None:
    together = list(ensemble(loop0, loop0.members).probabilities(image))
    alone = [next(ensemble(loop0, [path]).probabilities(image)) for path in loop0.members]
    assert all(torch.equal(a, b) for a, b in zip(together, alone, strict=True))


def test_labels_are_the_argmax_of_the_mean_logits(loop0: Loop, image) -> None:
    both = ensemble(loop0, loop0.members)
    logits = []
    for path in loop0.members:
        alone = ensemble(loop0, [path])
        with alone._borrowed() as predictor:
            module._wear(predictor, alone._members[0])
            logits.append(
                predictor.predict_sliding_window_return_logits(torch.from_numpy(image)).float()
            )
    mean = (logits[0] + logits[1]) / 2
    best, found = mean.max(dim=0).values, torch.from_numpy(both.labels(image).astype(np.int64))
    taken = mean.gather(0, found[None])[0]
    # nnU-Net adds logits in half precision, so that near ties may fall either way.
    assert (best - taken).max() < 0.02
    assert both.labels(image).shape == image.shape[1:]


def test_a_segmentation_has_the_same_labels_and_each_ones_mean_probability(
    loop0: Loop, image
) -> None:
    both = ensemble(loop0, loop0.members)
    labels, confidence = both.segment(image)
    np.testing.assert_array_equal(labels, both.labels(image))
    mean = torch.stack(list(both.probabilities(image))).mean(dim=0)
    wanted = mean.gather(0, torch.from_numpy(labels.astype(np.int64))[None])[0]
    np.testing.assert_allclose(confidence, wanted.numpy(), atol=2e-4)


def test_mirroring_changes_the_prediction(loop0: Loop, image) -> None:
    plain = next(ensemble(loop0, loop0.members[:1]).probabilities(image))
    mirrored = next(ensemble(loop0, loop0.members[:1], mirror=True).probabilities(image))
    assert not torch.allclose(plain, mirrored, atol=1e-4)


def test_no_member_and_a_missing_one_are_refused(loop0: Loop, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no member"):
        ensemble(loop0, [])
    with pytest.raises(UserError, match="no such file"):
        ensemble(loop0, [tmp_path / "fold_9.pth"])


def test_a_member_is_freed_before_the_next_is_predicted(loop0: Loop, image) -> None:
    members = ensemble(loop0, loop0.members).probabilities(image)
    first = next(members)
    alive = weakref.ref(first)
    del first
    assert alive() is None


def test_softmax_of_the_logits_needs_only_its_result() -> None:
    logits = torch.randn(6, 64, 128, 128).half()
    expected = torch.softmax(logits.float(), dim=0)
    torch.testing.assert_close(module._softmax(logits), expected)
    size = expected.numel() * 4 / 2**20
    assert peak_growth(lambda: module._softmax(logits)) < 1.2 * size


def test_a_borrowed_network_has_the_members_weights_also_after_others_were_predicted(
    loop0: Loop, image
) -> None:
    both = ensemble(loop0, loop0.members)
    expected = [module.load_member(path).weights for path in loop0.members]
    for number in (0, 0, 1, 0):
        with both.borrow(number) as network:
            assert not network.training
            found = network.state_dict()
            assert found.keys() == expected[number].keys()
            assert all(torch.equal(found[key], value) for key, value in expected[number].items())
    before = both.labels(image)  # of one member after the other
    with both.borrow(0) as network:
        assert torch.equal(
            network.decoder.seg_layers[-1].bias, expected[0]["decoder.seg_layers.1.bias"]
        )
    np.testing.assert_array_equal(both.labels(image), before)


def test_a_cpu_has_a_network_for_each_worker_and_a_gpu_one_for_all(
    loop0: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for gpu, networks in ((False, 3), (True, 1)):
        monkeypatch.setattr(module, "is_gpu", lambda _, gpu=gpu: gpu)
        made = ensemble(loop0, loop0.members, workers=3)
        assert made._predictors.qsize() == networks
        turns = [made.turn().acquire(blocking=False) for _ in range(4)]
        assert turns == [place < networks for place in range(4)]


@pytest.mark.parametrize("holds", [True, False])
def test_results_stay_on_a_gpu_that_can_hold_them(
    holds, loop0: Loop, image, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, placed = [], []

    def can_hold(_, size):
        asked.append(size)
        return holds

    def watched(self, data):
        placed.append(self.perform_everything_on_device)
        self.perform_everything_on_device = False  # there is no GPU here
        return predict(self, data)

    monkeypatch.setattr(module, "is_gpu", lambda _: True)
    monkeypatch.setattr(module, "can_hold", can_hold)
    predict = nnUNetPredictor.predict_sliding_window_return_logits
    monkeypatch.setattr(nnUNetPredictor, "predict_sliding_window_return_logits", watched)
    next(ensemble(loop0, loop0.members[:1], workers=2).probabilities(image))
    assert placed == [holds]
    # Two workers' means of 4 classes, a member's logits and probabilities: at least these.
    assert asked[-1] >= 4 * image[0].size * (2 * 4 + 1.5 * 4)
