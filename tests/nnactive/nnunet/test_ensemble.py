from pathlib import Path

import numpy as np
import pytest
import torch
from support import Loop

from nnactive.data.prepared import PreparedDataset
from nnactive.errors import UserError
from nnactive.nnunet.ensemble import Ensemble


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
    from nnactive.nnunet import ensemble as module

    both = ensemble(loop0, loop0.members)
    logits = []
    for path in loop0.members:
        with ensemble(loop0, [path])._borrowed([module.load_member(path)]) as predictor:
            logits.append(
                predictor.predict_sliding_window_return_logits(torch.from_numpy(image)).float()
            )
    mean = (logits[0] + logits[1]) / 2
    best, found = mean.max(dim=0).values, torch.from_numpy(both.labels(image).astype(np.int64))
    taken = mean.gather(0, found[None])[0]
    # nnU-Net adds logits in half precision, so that near ties may fall either way.
    assert (best - taken).max() < 0.02
    assert both.labels(image).shape == image.shape[1:]


def test_mirroring_changes_the_prediction(loop0: Loop, image) -> None:
    plain = next(ensemble(loop0, loop0.members[:1]).probabilities(image))
    mirrored = next(ensemble(loop0, loop0.members[:1], mirror=True).probabilities(image))
    assert not torch.allclose(plain, mirrored, atol=1e-4)


def test_no_member_and_a_missing_one_are_refused(loop0: Loop, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no member"):
        ensemble(loop0, [])
    with pytest.raises(UserError, match="no such file"):
        ensemble(loop0, [tmp_path / "fold_9.pth"])
