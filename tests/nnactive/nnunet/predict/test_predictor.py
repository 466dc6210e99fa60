"""Predictions are nnU-Net's own, to the last bit, whatever is done to be faster."""

from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import torch
from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor
from support import Loop

from nnactive.data.prepared import PreparedDataset
from nnactive.nnunet.predict.ensemble import Ensemble, _softmax
from nnactive.nnunet.predict.predictor import Predictor


@pytest.fixture(scope="module")
def image(phantom: Path) -> np.ndarray:
    dataset = PreparedDataset(phantom)
    return dataset.image(dataset.info.test[0].id)


def ensemble(loop0: Loop, **options) -> Ensemble:
    settings = {"device": "cpu", "tile_step": 0.5, "mirror": True, **options}
    return Ensemble(loop0.train, loop0.members, **settings)


def theirs(loop0: Loop, *, mirror: bool) -> nnUNetPredictor:
    """nnU-Net's predictor with all members, which copies weights and predicts tile by tile."""
    with ensemble(loop0, mirror=mirror)._borrowed() as ours, redirect_stdout(StringIO()):
        made = nnUNetPredictor(
            tile_step_size=0.5,
            use_gaussian=True,
            use_mirroring=mirror,
            perform_everything_on_device=False,
            device=torch.device("cpu"),
            allow_tqdm=False,
        )
        made.manual_initialization(
            ours.network,
            ours.plans_manager,
            ours.configuration_manager,
            [torch.load(path, weights_only=True)["weights"] for path in loop0.members],
            ours.dataset_json,
            "",
            ours.allowed_mirroring_axes,
        )
    return made


@pytest.mark.parametrize("mirror", [True, False])
def test_labels_are_nnunets_to_the_last_voxel(mirror, loop0: Loop, image) -> None:
    expected = theirs(loop0, mirror=mirror).predict_logits_from_preprocessed_data(
        torch.from_numpy(image)
    )
    found = ensemble(loop0, mirror=mirror, workers=2).labels(image)
    assert len(np.unique(found)) > 1
    np.testing.assert_array_equal(found, expected.argmax(0).numpy())


@pytest.mark.parametrize("holds", [True, False])
def test_labels_are_the_same_wherever_a_gpu_keeps_the_sum(
    holds, loop0: Loop, image, monkeypatch
) -> None:
    expected = ensemble(loop0).labels(image)
    asked = []
    module = "nnactive.nnunet.predict.ensemble"
    monkeypatch.setattr(f"{module}.is_gpu", lambda _: True)  # there is none: all is on the CPU
    monkeypatch.setattr(f"{module}.can_hold", lambda _, size: bool(asked.append(size)) or holds)
    np.testing.assert_array_equal(ensemble(loop0, workers=2).labels(image), expected)
    # Two workers' sums and a member's logits of 4 classes in half precision: at least these.
    assert max(asked) >= 3 * 4 * image[0].size * 2


def test_probabilities_are_nnunets_to_the_last_bit(loop0: Loop, image) -> None:
    plain = theirs(loop0, mirror=False)
    both = ensemble(loop0, mirror=False, workers=2)
    for _ in range(2):  # the second time, networks that have had other members' weights
        members = both.probabilities(image)
        for weights, found in zip(plain.list_of_parameters, members, strict=True):
            plain.network.load_state_dict(weights)
            logits = plain.predict_sliding_window_return_logits(torch.from_numpy(image))
            assert torch.equal(found, _softmax(logits))


@pytest.mark.parametrize("copies", [2, 3, 8, 100])
def test_mirrored_copies_in_one_batch_are_averaged_as_one_by_one(
    copies, loop0: Loop, image, monkeypatch
) -> None:
    whole = ensemble(loop0)
    one_by_one = whole.labels(image)
    monkeypatch.setattr(Predictor, "copies", copies)
    sizes = set()
    with whole._borrowed() as predictor:
        predictor.network.register_forward_pre_hook(lambda _, args: sizes.add(len(args[0])))
    np.testing.assert_array_equal(whole.labels(image), one_by_one)
    assert max(sizes) == min(copies, 8)


def test_only_small_tiles_on_a_gpu_are_batched(loop0: Loop, monkeypatch) -> None:
    with ensemble(loop0)._borrowed() as predictor:
        assert predictor.copies == 1
        voxels = int(np.prod(predictor.configuration_manager.patch_size))
    module = "nnactive.nnunet.predict.predictor"
    monkeypatch.setattr(f"{module}.is_gpu", lambda _: True)
    for room, copies in ((voxels, 1), (5 * voxels, 5), (voxels - 1, 1)):
        monkeypatch.setattr(f"{module}.VOXELS_AT_ONCE", room)
        with ensemble(loop0)._borrowed() as predictor:
            assert predictor.copies == copies


def test_networks_share_the_members_weights(loop0: Loop, image) -> None:
    both = ensemble(loop0, workers=2)
    held = {each.data_ptr() for member in both._members for each in member.weights.values()}
    both.labels(image)
    with both.borrow(1) as first, both.borrow(1) as second:
        for network in (first, second):
            assert {each.data_ptr() for each in network.state_dict().values()} <= held
