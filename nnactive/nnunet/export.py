"""A trained ensemble as a model folder of stock nnU-Net's, which `nnUNetv2_predict` takes.

Our plans describe images that are resampled and transposed already; those of the folder describe
images as they are in their files. Stock nnU-Net normalises an image before it resamples it, we
afterwards. Where an image isn't resampled the network sees the same voxels to the last bit;
elsewhere intensities differ by what interpolation and clipping, or the mean, do in another order.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from nnactive.geometry import Triple
from nnactive.io.files import atomic_path, read_json, write_json
from nnactive.nnunet.plans import CONFIGURATION, RECIPE
from nnactive.nnunet.predict.members import load_member
from nnactive.nnunet.training_folder import (
    FINGERPRINT_LINK,
    training_dataset_json,
    training_plans,
)

TRAINER: Final = "nnUNetTrainer"
CHECKPOINT: Final = "checkpoint_final.pth"


def model_folder(plans: Mapping[str, Any], dataset: str) -> Path:
    """Where stock nnU-Net looks for a model, below ``nnUNet_results``.

    Args:
        plans: gives the planner's name, by which the network is known.
        dataset: nnU-Net's name of the dataset, ``Dataset512_Liver``.
    """
    return Path(dataset) / f"{TRAINER}__{plans['plans_name']}__{CONFIGURATION}"


def export_model(
    train: Path, members: Sequence[Path], results: Path, dataset: str, transpose: Triple
) -> Path:
    """Write an ensemble as nnU-Net's trainer would have left it.

    Args:
        train: the members' training folder.
        members: one file per fold, in order.
        results: what will be ``nnUNet_results``.
        dataset: nnU-Net's name of the dataset.
        transpose: ``transpose_forward`` by which the images were prepared.

    Returns:
        The model's folder.

    Raises:
        UserError: a member is missing or broken.
    """
    plans = raw_plans(training_plans(train), dataset, transpose)
    description = training_dataset_json(train)
    epochs = int(training_plans(train)[RECIPE]["epochs"])
    out = results / model_folder(plans, dataset)
    for fold, member in enumerate(members):
        file = out / f"fold_{fold}" / CHECKPOINT
        if not file.is_file():
            _write_checkpoint(file, member, fold, plans, description, epochs)
    fingerprint = next(train.glob(f"*/{FINGERPRINT_LINK}"))
    write_json(out / FINGERPRINT_LINK, read_json(fingerprint))
    write_json(out / "dataset.json", description)
    # Last, because its presence marks the folder as done.
    write_json(out / "plans.json", plans)
    return out


def raw_plans(plans: Mapping[str, Any], dataset: str, transpose: Triple) -> dict[str, Any]:
    """Plans for images as they are in their files.

    The target spacing is that of the prepared images, in the axes after the transposition, as
    nnU-Net writes it. Only the configuration that was trained is kept.

    Args:
        plans: of the training folder.
        dataset: nnU-Net's name of the dataset.
        transpose: ``transpose_forward``.
    """
    found = {key: value for key, value in plans.items() if key != RECIPE}
    return found | {
        "dataset_name": dataset,
        "image_reader_writer": "SimpleITKIO",
        "transpose_forward": list(transpose),
        "transpose_backward": [transpose.index(axis) for axis in range(len(transpose))],
        "configurations": {CONFIGURATION: plans["configurations"][CONFIGURATION]},
    }


def _write_checkpoint(
    file: Path,
    member: Path,
    fold: int,
    plans: dict[str, Any],
    description: dict[str, Any],
    epochs: int,
) -> None:
    """A checkpoint with all keys of nnU-Net's; without the optimiser's state, as it is final."""
    import torch

    loaded = load_member(member)
    content = {
        "network_weights": loaded.weights,
        "optimizer_state": None,
        "grad_scaler_state": None,
        "logging": {},
        "_best_ema": None,
        "current_epoch": epochs,
        "init_args": {
            "plans": plans,
            "configuration": CONFIGURATION,
            "fold": fold,
            "dataset_json": description,
        },
        "trainer_name": TRAINER,
        "inference_allowed_mirroring_axes": loaded.mirror_axes,
    }
    with atomic_path(file) as draft:
        torch.save(content, draft)
