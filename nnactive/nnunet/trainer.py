"""The trainer of every track: nnU-Net's, adapted to partial labels (protocol section 3)."""

from pathlib import Path
from typing import Any

import torch
from batchgenerators.dataloading.nondet_multi_threaded_augmenter import NonDetMultiThreadedAugmenter
from batchgenerators.dataloading.single_threaded_augmenter import SingleThreadedAugmenter
from nnunetv2.training.loss.compound_losses import DC_and_CE_loss
from nnunetv2.training.loss.deep_supervision import DeepSupervisionWrapper
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer
from nnunetv2.utilities.default_n_proc_DA import get_allowed_n_proc_DA

from nnactive.devices import CPU, is_gpu
from nnactive.nnunet.plans import recipe
from nnactive.nnunet.sampling import RegionDataLoader

CHECKPOINT_LATEST = "checkpoint_latest.pth"
CHECKPOINT_FINAL = "checkpoint_final.pth"


class PartialLabelTrainer(nnUNetTrainer):
    """Trains on labelled patches; length, width and mirroring come from the plans.

    Differs from nnU-Net's trainer in region sampling, Dice with smooth 0, a training length from
    the plans, and no validation, neither per epoch nor after training: it changes no weight, and
    the benchmark evaluates the ensemble on the test set.
    """

    def __init__(
        self,
        plans: dict[str, Any],
        configuration: str,
        fold: int,
        dataset_json: dict[str, Any],
        device: torch.device,
    ) -> None:
        super().__init__(plans, configuration, fold, dataset_json, device)
        training = recipe(plans)
        self.num_epochs = training.epochs
        self.num_iterations_per_epoch = training.iterations
        self.num_val_iterations_per_epoch = 0
        self.mirror = training.mirror

    def initialize(self) -> None:
        """Build nnU-Net's network; on a CPU in the memory format with the fastest convolutions."""
        super().initialize()
        network: torch.nn.Module = self.network
        if self.device.type == CPU:
            network.to(memory_format=torch.channels_last_3d)

    def configure_rotation_dummyDA_mirroring_and_inital_patch_size(  # noqa: N802
        self,
    ) -> tuple[Any, bool, Any, tuple[int, ...] | None]:
        """nnU-Net's augmentation, without mirroring if the track disables it."""
        rotation, dummy_2d, patch, axes = (
            super().configure_rotation_dummyDA_mirroring_and_inital_patch_size()
        )
        if not self.mirror:
            axes = self.inference_allowed_mirroring_axes = None
        return rotation, dummy_2d, patch, axes

    def _build_loss(self) -> torch.nn.Module:
        """nnU-Net's loss with the Dice term's smoothing set to 0."""
        loss = super()._build_loss()
        compound = loss.loss if isinstance(loss, DeepSupervisionWrapper) else loss
        if not isinstance(compound, DC_and_CE_loss):
            msg = "region-based labels are not supported"
            raise TypeError(msg)
        dice = getattr(compound.dc, "_orig_mod", compound.dc)
        dice.smooth = 0.0
        return loss  # type: ignore[no-any-return]

    def get_dataloaders(self) -> tuple[Any, None]:
        """Training batches from the region sampler; none for validation."""
        patch_size = self.configuration_manager.patch_size
        scales = self._get_deep_supervision_scales()
        rotation, dummy_2d, initial_patch, mirror_axes = (
            self.configure_rotation_dummyDA_mirroring_and_inital_patch_size()
        )
        transforms = self.get_training_transforms(
            patch_size,
            rotation,
            scales,
            mirror_axes,
            dummy_2d,
            use_mask_for_norm=self.configuration_manager.use_mask_for_norm,
            is_cascaded=False,
            foreground_labels=self.label_manager.foreground_labels,
            regions=None,
            ignore_label=self.label_manager.ignore_label,
        )
        dataset, _ = self.get_tr_and_val_datasets()
        loader = RegionDataLoader(
            dataset,
            self.batch_size,
            initial_patch,
            patch_size,
            self.label_manager,
            oversample_foreground_percent=self.oversample_foreground_percent,
            transforms=transforms,
        )
        return self._augmenter(loader), None

    def _augmenter(self, loader: RegionDataLoader) -> Any:
        processes = get_allowed_n_proc_DA()
        if processes == 0:
            return SingleThreadedAugmenter(loader, None)
        return NonDetMultiThreadedAugmenter(
            data_loader=loader,
            transform=None,
            num_processes=processes,
            num_cached=max(6, processes // 2),
            seeds=None,
            pin_memory=is_gpu(self.device.type),
            wait_time=0.002,
        )

    def on_validation_epoch_end(self, val_outputs: list[dict[str, Any]]) -> None:
        """Do nothing: there are no validation batches."""

    def on_epoch_end(self) -> None:
        """Log the epoch and, at nnU-Net's interval, save a checkpoint to resume from."""
        loss = self.logger.get_value("train_losses", step=-1)
        self.print_to_log_file(f"train_loss {loss:.4f}")
        self.current_epoch += 1
        if self.current_epoch % self.save_every == 0 and self.current_epoch < self.num_epochs:
            self.current_epoch -= 1
            self.save_checkpoint(f"{self.output_folder}/{CHECKPOINT_LATEST}")
            self.current_epoch += 1

    def save_checkpoint(self, filename: str) -> None:
        """Save nnU-Net's checkpoint atomically, so that a kill leaves no partial file."""
        draft = Path(f"{filename}.draft")
        super().save_checkpoint(str(draft))
        draft.replace(filename)

    def plot_network_architecture(self) -> None:
        """Do nothing: the plot needs a package that no longer works."""
