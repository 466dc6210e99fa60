"""The trainer of every track: nnU-Net's, adapted to partial labels (protocol section 3)."""

import os
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from batchgenerators.dataloading.nondet_multi_threaded_augmenter import NonDetMultiThreadedAugmenter
from batchgenerators.dataloading.single_threaded_augmenter import SingleThreadedAugmenter
from nnunetv2.training.loss.compound_losses import DC_and_CE_loss
from nnunetv2.training.loss.deep_supervision import DeepSupervisionWrapper
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer

from nnactive.devices import CPU, is_gpu
from nnactive.io.formatting import duration
from nnactive.nnunet import generators
from nnactive.nnunet.plans import recipe
from nnactive.nnunet.sampling import RegionDataLoader
from nnactive.nnunet.workers import WORKERS, data_workers
from nnactive.streams import seed


def _nothing() -> None:
    """What happens after an iteration unless somebody asks for more."""


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
        self.losses: list[float] = []
        """Of the epoch in progress; as many as its iterations that are done."""
        self.after_iteration: Callable[[], None] = _nothing
        """Called between iterations, where `state` is all there is to know."""
        self.seed: int | None = None
        """What the processes that load data draw from; None: chance."""
        self._generators: dict[str, Any] | None = None
        """States that the next iteration draws from; None: the present ones."""
        self._pace = (time.monotonic(), 0)
        """When this process began to train, and how many iterations had been done."""

    @property
    def iterations_done(self) -> int:
        """Iterations since the start, in this process or an earlier one."""
        done: int = self.current_epoch * self.num_iterations_per_epoch
        return done + len(self.losses)

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
        processes = int(os.environ.get(WORKERS) or data_workers(self.device.type))
        if processes == 0:
            return SingleThreadedAugmenter(loader, None)
        return NonDetMultiThreadedAugmenter(
            data_loader=loader,
            transform=None,
            num_processes=processes,
            num_cached=max(6, processes // 2),
            seeds=self._worker_seeds(processes),
            pin_memory=is_gpu(self.device.type),
            wait_time=0.002,
        )

    def _worker_seeds(self, processes: int) -> list[int] | None:
        """Seeds of 32 bits of the processes that load data; others after each interruption."""
        if self.seed is None:
            return None
        names = [("worker", self.seed, self.iterations_done, each) for each in range(processes)]
        return [seed(*each) >> 32 for each in names]

    def on_validation_epoch_end(self, val_outputs: list[dict[str, Any]]) -> None:
        """Do nothing: there are no validation batches."""

    def run_training(self) -> None:
        """Train to the end, from the start or from a state that was restored."""
        self.on_train_start()
        if self._generators is not None:
            self._continue_draws(self._generators)
        self._pace = (time.monotonic(), self.iterations_done)
        try:
            while self.current_epoch < self.num_epochs:
                self._train_epoch()
        finally:
            self._end_workers()
        self.print_to_log_file("Training done.")

    def _train_epoch(self) -> None:
        """Do what is left of an epoch."""
        if self.losses:
            self.network.train()
            self.lr_scheduler.step(self.current_epoch)
        else:
            self.on_epoch_start()
            self.on_train_epoch_start()
        while len(self.losses) < self.num_iterations_per_epoch:
            if self.losses:
                self.after_iteration()
            done = self.train_step(next(self.dataloader_train))
            self.losses.append(float(done["loss"]))
        self.on_train_epoch_end([{"loss": loss} for loss in self.losses])
        self.on_epoch_end()
        self.after_iteration()

    def on_epoch_end(self) -> None:
        """Log the epoch, with the time left."""
        self.losses = []
        self.current_epoch += 1
        began, before = self._pace
        total = self.num_epochs * self.num_iterations_per_epoch
        each = (time.monotonic() - began) / max(1, self.iterations_done - before)
        left = each * (total - self.iterations_done)
        loss = self.logger.get_value("train_losses", step=-1)
        self.print_to_log_file(
            f"epoch {self.current_epoch} of {self.num_epochs}: train_loss {loss:.4f}, "
            f"{duration(left)} left"
        )
        # A kill must not take the log of the last epochs along.
        sys.stdout.flush()

    def state(self) -> dict[str, Any]:
        """Everything that the training depends on from here, as numbers and tensors."""
        log = self.logger.get_checkpoint()
        return {
            "network": self._plain_network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scaler": None if self.grad_scaler is None else self.grad_scaler.state_dict(),
            "log": {name: [float(value) for value in values] for name, values in log.items()},
            "epoch": self.current_epoch,
            "losses": list(self.losses),
            "generators": generators.states(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a `state`; a new trainer is initialised first."""
        if not self.was_initialized:
            self.initialize()
        self._plain_network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.grad_scaler is not None and state["scaler"] is not None:
            self.grad_scaler.load_state_dict(state["scaler"])
        self.logger.load_checkpoint(state["log"])
        self.current_epoch = state["epoch"]
        self.losses = list(state["losses"])
        self._generators = state["generators"]

    def weights(self) -> dict[str, torch.Tensor]:
        """The network's weights, on the CPU."""
        return {k: weight.detach().cpu() for k, weight in self._plain_network.state_dict().items()}

    @property
    def _plain_network(self) -> torch.nn.Module:
        """The network below what torch.compile makes of it."""
        network: Any = self.network
        plain: torch.nn.Module = getattr(network, "_orig_mod", network)
        return plain

    def _continue_draws(self, saved: dict[str, Any]) -> None:
        """Draw on as if the training had not stopped.

        Processes that load data have states of their own, which are gone: they draw anew, and not
        what they drew after the start.
        """
        if isinstance(self.dataloader_train, NonDetMultiThreadedAugmenter) and self.seed is None:
            torch.seed()
        else:
            generators.restore(saved)

    def _end_workers(self) -> None:
        if isinstance(self.dataloader_train, NonDetMultiThreadedAugmenter):
            self.dataloader_train._finish(timeout=2, force=True)  # noqa: SLF001

    def plot_network_architecture(self) -> None:
        """Do nothing: the plot needs a package that no longer works."""
