from pathlib import Path

import numpy as np
import pytest
import torch
from support import Loop

from nnactive.nnunet.environment import environment, quiet
from nnactive.nnunet.sampling import RegionDataLoader
from nnactive.nnunet.trainer import PartialLabelTrainer
from nnactive.nnunet.training_folder import training_dataset_json, training_plans


@pytest.fixture
def trainer(loop0: Loop, tmp_path: Path):
    """A trainer of the tiny setting, initialised."""
    variables = {
        "nnUNet_preprocessed": str(loop0.train),
        "nnUNet_results": str(tmp_path / "results"),
        "nnUNet_n_proc_DA": "0",
    }
    with environment(variables), quiet():
        made = PartialLabelTrainer(
            {**training_plans(loop0.train), "continue_training": False},
            "3d_fullres",
            0,
            training_dataset_json(loop0.train),
            torch.device("cpu"),
        )
        made.initialize()
        yield made


def test_length_width_and_batch_come_from_the_setting(trainer, setting) -> None:
    training = setting.training
    assert (trainer.num_epochs, trainer.num_iterations_per_epoch) == (2, 3)
    assert trainer.num_val_iterations_per_epoch == 0
    assert trainer.batch_size == training.batch_size
    first = trainer.network.encoder.stages[0][0].convs[0].conv
    assert first.out_channels == training.base_features


def test_there_is_no_head_for_the_ignore_label(trainer) -> None:
    assert trainer.label_manager.num_segmentation_heads == 4
    assert trainer.label_manager.ignore_label == 4


def test_dice_has_no_smoothing(trainer) -> None:
    """One voxel of class 1, predicted with probability p: its Dice is 2p / (p + 1)."""
    assert trainer.loss.loss.dc.smooth == 0.0
    logits = torch.zeros(1, 4, 1, 1, 1)
    dice = -trainer.loss.loss.dc(logits, torch.ones(1, 1, 1, 1, 1), loss_mask=None)
    assert dice.item() == pytest.approx((2 * 0.25 / 1.25) / 3)


def test_ignored_voxels_change_no_loss(trainer) -> None:
    torch.manual_seed(0)
    logits, target = torch.randn(1, 4, 4, 4, 4), torch.randint(0, 4, (1, 1, 4, 4, 4)).float()
    target[..., 2:] = 4
    other = logits.clone()
    other[..., 2:] = torch.randn(1, 4, 4, 4, 2)
    assert torch.equal(trainer.loss.loss(logits, target), trainer.loss.loss(other, target))


def test_batches_come_from_the_region_sampler_and_show_no_unlabelled_voxel_as_labelled(
    trainer,
) -> None:
    train, validation = trainer.get_dataloaders()
    assert isinstance(train.data_loader, RegionDataLoader)
    assert validation is None
    batch = next(train)
    values = set(np.unique(batch["target"][0].numpy()))
    assert 4 in values
    assert values <= {0, 1, 2, 3, 4}


def test_processes_that_load_data_are_those_of_the_jobs_cores(
    trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not nnU-Net's guess, 12; what they load is the same, and they are gone afterwards."""
    assert type(trainer.get_dataloaders()[0]).__name__ == "SingleThreadedAugmenter"
    monkeypatch.setenv("nnUNet_n_proc_DA", "2")
    trainer.dataloader_train, _ = trainer.get_dataloaders()
    assert next(trainer.dataloader_train)["data"].shape[0] == trainer.batch_size
    workers = list(trainer.dataloader_train._processes)
    assert len(workers) == 2
    trainer._end_workers()
    assert not any(worker.is_alive() for worker in workers)


def test_processes_that_load_data_for_a_seeded_training_get_seeds_of_their_own(
    trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 32 bits; others after an interruption, as the batches before it are not drawn again."""
    monkeypatch.setenv("nnUNet_n_proc_DA", "2")
    assert trainer.get_dataloaders()[0].seeds == [None, None]
    trainer.seed = 2**63 + 1
    first = trainer.get_dataloaders()[0].seeds
    assert first == trainer.get_dataloaders()[0].seeds
    assert all(0 <= each < 2**32 for each in first)
    trainer.current_epoch = 1
    assert len({*first, *trainer.get_dataloaders()[0].seeds}) == 4
