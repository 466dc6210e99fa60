"""Prediction with an ensemble: nnU-Net's sliding window on images from the store."""

import queue
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nnactive.devices import CPU, can_hold, is_gpu
from nnactive.errors import NnactiveError, UserError
from nnactive.geometry import Triple
from nnactive.nnunet.plans import CONFIGURATION
from nnactive.nnunet.predict.confidence import MeanProbabilities
from nnactive.nnunet.predict.members import Member, load_member
from nnactive.nnunet.predict.segmentation import segmentation
from nnactive.nnunet.training_folder import training_dataset_json, training_plans

if TYPE_CHECKING:
    import torch
    from torch import nn

SMALL_PART = 8
"""Members' weights stay on a GPU that could hold this many times as much."""


class Ensemble:
    """The members trained on one training folder, ready to predict.

    Their weights are held once, on the device if it has room, and networks use them in turn without
    a copy. A CPU has one network per worker, each computing in one thread, so that a prediction
    depends neither on the number of cores nor on the number of workers. A GPU has one network for
    all workers.
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
        self._members = _placed([load_member(path) for path in members], device)
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
        with self._borrowed() as predictor:
            _wear(predictor, self._members[number])
            predictor.network = predictor.network.to(predictor.device).eval()
            yield predictor.network

    def labels(self, image: np.ndarray) -> np.ndarray:
        """Segmentation ``(Z, Y, X)``: argmax of the members' mean logits, as in nnU-Net.

        The sum stays on the device if it has room. Thread-safe: images of several workers are
        predicted in turn on a GPU, side by side on a CPU.

        Raises:
            NnactiveError: if the logits aren't finite.
        """
        return self._labels(image, None)

    def segment(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Segmentation as of `labels`, and how sure the ensemble is of it.

        Returns:
            Labels, and the members' mean softmax probability of each voxel's label, float32;
            both ``(Z, Y, X)``.

        Raises:
            NnactiveError: if the logits aren't finite.
        """
        probabilities = MeanProbabilities(len(self._members))
        found = self._labels(image, probabilities)
        return found, probabilities.of(found)

    def _labels(self, image: np.ndarray, probabilities: MeanProbabilities | None) -> np.ndarray:
        import torch

        # Each worker's sums, one member's logits, all in two bytes, and nnU-Net's test of them.
        sums = 1 if probabilities is None else 2
        size = (2 * sums * self._workers + 2 + 1) * (self.n_classes + 1)
        size *= int(np.prod(image.shape[1:]))
        with torch.inference_mode():
            with self._borrowed() as predictor:
                total = self._summed(predictor, image, size, probabilities)
            if len(self._members) > 1:
                # By a tensor: a GPU multiplies by a number's reciprocal, which rounds differently.
                total /= total.new_tensor(len(self._members))
            found = segmentation(total)
        if found is None:
            raise NnactiveError("the ensemble's logits contain NaN or Inf; train its folds again")
        return found

    def _summed(
        self, predictor: Any, image: np.ndarray, size: int, probabilities: MeanProbabilities | None
    ) -> "torch.Tensor":
        """The sum of the members' logits, on the device if it holds ``size`` bytes."""
        total: Any = None
        for member in self._members:
            logits = self._logits(predictor, member, image, size)
            if probabilities is not None:
                probabilities.add(logits)
            if total is None:
                total = logits
                continue
            if total.device != logits.device:  # nnU-Net found no room on the device after all
                total, logits = total.cpu(), logits.cpu()
            total += logits
            del logits  # before the next member's are computed
        return total  # type: ignore[no-any-return]

    def _member_probabilities(self, member: Member, image: np.ndarray, held: int) -> "torch.Tensor":
        # Each worker's means, plus one member's logits (half precision) and probabilities.
        volumes = self.n_classes * (self._workers * held + 2) + 2 * self._workers
        with self._borrowed() as predictor:
            size = 4 * volumes * int(np.prod(image.shape[1:]))
            logits = self._logits(predictor, member, image, size)
        return _softmax(logits)

    def _logits(
        self, predictor: Any, member: Member, image: np.ndarray, size: int
    ) -> "torch.Tensor":
        """A member's logits, on the device if it can hold ``size`` bytes of results."""
        import torch

        _wear(predictor, member)
        holds = is_gpu(self._device) and can_hold(self._device, size)
        predictor.perform_everything_on_device = holds
        found: torch.Tensor = predictor.predict_sliding_window_return_logits(
            torch.from_numpy(image)
        )
        return found

    @contextmanager
    def _borrowed(self) -> Iterator[Any]:
        predictor = self._predictors.get()
        try:
            yield predictor
        finally:
            self._predictors.put(predictor)


def _wear(predictor: Any, member: Member) -> None:
    """Give a network a member's weights, the tensors themselves."""
    if predictor.worn is not member:
        predictor.network.load_state_dict(member.weights, assign=True)
        predictor.worn = member


def _placed(members: list[Member], device: str) -> list[Member]:
    """The members with their weights on a GPU, if all of them take a small part of it."""
    size = sum(each.nbytes for member in members for each in member.weights.values())
    if not is_gpu(device) or not can_hold(device, SMALL_PART * size):
        return members
    return [
        replace(member, weights={name: each.to(device) for name, each in member.weights.items()})
        for member in members
    ]


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
    from nnunetv2.utilities.get_network_from_plans import get_network_from_plans
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    from nnactive.nnunet.predict.predictor import Predictor

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
        predictor = Predictor(
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
    return predictor


def _channels(manager: Any, configuration: Any, dataset_json: dict[str, Any]) -> int:
    from nnunetv2.utilities.label_handling.label_handling import determine_num_input_channels

    return int(determine_num_input_channels(manager, configuration, dataset_json))
