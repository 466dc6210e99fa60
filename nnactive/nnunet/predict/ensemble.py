"""Prediction with an ensemble: nnU-Net's sliding window on images from the store."""

import queue
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nnactive.devices import CPU, can_hold, is_gpu
from nnactive.errors import NnactiveError, UserError
from nnactive.geometry import Triple
from nnactive.nnunet.plans import CONFIGURATION
from nnactive.nnunet.predict.members import Member, load_member
from nnactive.nnunet.training_folder import training_dataset_json, training_plans

if TYPE_CHECKING:
    import torch
    from torch import nn


class Ensemble:
    """The members trained on one training folder, ready to predict.

    Their weights are held once, on the CPU; networks load them in turn. A CPU has one network per
    worker, each computing in one thread, so that a prediction depends neither on the number of
    cores nor on the number of workers. A GPU has one network for all workers.
    """

    def __init__(
        self,
        train: Path,
        members: list[Path],
        *,
        device: str,
        tile_step: float,
        mirror: bool,
        workers: int = 1,
    ) -> None:
        """Load the members.

        Args:
            train: the members' training folder.
            members: one file per fold.
            device: where to predict, as ``pick_device`` gives it.
            tile_step: step of the sliding window as a fraction of the network's patch.
            mirror: whether to average over mirrored images on the axes used in training.
            workers: images to work on at the same time.

        Raises:
            UserError: if there are no members, or a member's file is missing or broken.
        """
        if not members:
            raise UserError(f"{train}: no members to predict with; train its folds first")
        if device == CPU:
            import torch

            torch.set_num_threads(1)
        self._members = [load_member(path) for path in members]
        plans, dataset_json = training_plans(train), training_dataset_json(train)
        axes = self._members[0].mirror_axes if mirror else None
        self._device, self._workers = device, workers
        networks = 1 if is_gpu(device) else workers
        self._turns = threading.Semaphore(networks)
        # The last to be returned is the next to be lent: it may hold the right weights already.
        self._predictors: queue.LifoQueue[Any] = queue.LifoQueue()
        for _ in range(networks):
            made = _predictor(plans, dataset_json, self._members[0], device, tile_step, axes)
            self._predictors.put(made)
        z, y, x = (int(size) for size in made.configuration_manager.patch_size)
        self.device, self.tile, self.tile_step = device, (z, y, x), tile_step
        self.channels = _channels(made.plans_manager, made.configuration_manager, dataset_json)
        self.n_classes = int(made.label_manager.num_segmentation_heads)

    device: str
    tile: Triple
    """Size of the sliding window's tiles, in voxels."""
    tile_step: float
    channels: int
    """Channels of an image."""
    n_classes: int

    def __len__(self) -> int:
        """Number of members."""
        return len(self._members)

    def probabilities(self, image: np.ndarray, *, held: int = 1) -> Iterator["torch.Tensor"]:
        """Softmax probabilities of an image ``(C, Z, Y, X)`` from one member after the other.

        Args:
            image: the image.
            held: means over the members that each worker may hold at the same time.

        Yields:
            float32 tensors ``(classes, Z, Y, X)`` on the ensemble's device.
        """
        for member in self._members:
            # Unnamed, so that the caller frees it.
            yield self._member_probabilities(member, image, held)

    def turn(self) -> AbstractContextManager[object]:
        """Lock to hold while predicting all members of an image, so that images finish in turn.

        Without it the images of several workers would alternate at the network member by member,
        and then all select patches at the same time while the network idles.
        """
        return self._turns

    @contextmanager
    def borrow(self, number: int) -> Iterator["nn.Module"]:
        """A network with a member's weights, in evaluation mode on the ensemble's device.

        It must be as it was when the block ends.
        """
        with self._borrowed([self._members[number]]) as predictor:
            predictor.network = predictor.network.to(predictor.device).eval()
            yield predictor.network

    def labels(self, image: np.ndarray) -> np.ndarray:
        """Segmentation ``(Z, Y, X)``: argmax of the members' mean logits, as in nnU-Net."""
        import torch

        with self._borrowed(self._members) as predictor:
            logits = predictor.predict_logits_from_preprocessed_data(torch.from_numpy(image))
        if not bool(torch.isfinite(logits).all()):
            raise NnactiveError("the ensemble's logits contain NaN or Inf; train its folds again")
        return logits.argmax(0).cpu().numpy().astype(np.int16)  # type: ignore[no-any-return]

    def _member_probabilities(self, member: Member, image: np.ndarray, held: int) -> "torch.Tensor":
        import torch

        with self._borrowed([member]) as predictor:
            classes = predictor.label_manager.num_segmentation_heads
            # Each worker's means, plus one member's logits (half precision) and probabilities.
            volumes = classes * (self._workers * held + 2) + 2 * self._workers
            size = 4 * volumes * int(np.prod(image.shape[1:]))
            predictor.perform_everything_on_device = is_gpu(self._device) and can_hold(
                self._device, size
            )
            logits = predictor.predict_sliding_window_return_logits(torch.from_numpy(image))
        return _softmax(logits)

    @contextmanager
    def _borrowed(self, members: list[Member]) -> Iterator[Any]:
        predictor = self._predictors.get()
        try:
            predictor.list_of_parameters = [member.weights for member in members]
            if predictor.loaded is not members[0]:
                predictor.network.load_state_dict(members[0].weights)
            predictor.loaded = members[0] if len(members) == 1 else None
            yield predictor
        finally:
            self._predictors.put(predictor)


def _softmax(logits: "torch.Tensor") -> "torch.Tensor":
    """Softmax over the first axis, float32; slice by slice to keep temporaries small."""
    import torch

    probabilities = torch.empty(logits.shape, dtype=torch.float32, device=logits.device)
    for out, slab in zip(probabilities.unbind(1), logits.unbind(1), strict=True):
        out.copy_(torch.softmax(slab, dim=0, dtype=torch.float32))
    return probabilities


def _predictor(
    plans: dict[str, Any],
    dataset_json: dict[str, Any],
    member: Member,
    device: str,
    tile_step: float,
    mirror_axes: tuple[int, ...] | None,
) -> Any:
    import torch
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor
    from nnunetv2.utilities.get_network_from_plans import get_network_from_plans
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    manager = PlansManager(plans)
    configuration = manager.get_configuration(CONFIGURATION)
    network = get_network_from_plans(
        configuration.network_arch_class_name,
        configuration.network_arch_init_kwargs,
        configuration.network_arch_init_kwargs_req_import,
        _channels(manager, configuration, dataset_json),
        manager.get_label_manager(dataset_json).num_segmentation_heads,
        allow_init=True,
        deep_supervision=False,
    )
    with redirect_stdout(StringIO()):  # on a CPU it prints that a GPU would be used otherwise
        predictor = nnUNetPredictor(
            tile_step_size=tile_step,
            use_gaussian=True,
            use_mirroring=mirror_axes is not None,
            perform_everything_on_device=is_gpu(device),
            device=torch.device(device),
            allow_tqdm=False,
        )
    predictor.manual_initialization(
        network, manager, configuration, [member.weights], dataset_json, "", mirror_axes
    )
    predictor.loaded = None  # the member whose weights its network has
    return predictor


def _channels(manager: Any, configuration: Any, dataset_json: dict[str, Any]) -> int:
    from nnunetv2.utilities.label_handling.label_handling import determine_num_input_channels

    return int(determine_num_input_channels(manager, configuration, dataset_json))
