"""Ensemble members: training and loading them; a member is a file with a network's weights."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nnactive.devices import CPU, c_compiler
from nnactive.errors import NnactiveError, UserError
from nnactive.io.files import atomic_path
from nnactive.nnunet.environment import environment
from nnactive.nnunet.plans import CONFIGURATION, recipe
from nnactive.nnunet.training_folder import training_dataset_json, training_plans
from nnactive.settings import Training

COMPILE_FROM = 10_000
"""Iterations above which torch.compile's minute of compilation pays off on a GPU."""


@dataclass(frozen=True)
class Member:
    """Weights of one ensemble member, on the CPU."""

    weights: dict[str, Any]
    mirror_axes: tuple[int, ...] | None
    """Spatial axes (0 = z) that test-time mirroring may flip."""


def train_member(train: Path, fold: int, out: Path, device: str) -> None:
    """Train one fold on a training folder and store its final weights in ``out``.

    An interrupted training resumes from nnU-Net's last periodic checkpoint, which lies in a folder
    beside ``out`` until training ends.

    Args:
        train: training folder, as ``write_training_folder`` writes it.
        fold: the fold to leave out.
        out: file for the member.
        device: where to train, as ``pick_device`` gives it.

    Raises:
        UserError: if there is no such fold.
        NnactiveError: if the final weights are not finite.
    """
    plans = training_plans(train)
    training = recipe(plans)
    if not 0 <= fold < training.folds:
        raise UserError(f"fold {fold}: the setting has folds 0 to {training.folds - 1}")
    scratch = out.parent / f".{out.stem}.training"
    variables = {
        "nnUNet_preprocessed": str(train),
        "nnUNet_results": str(scratch),
        "nnUNet_compile": str(_compiled(training)),
    }
    if device == CPU:
        variables["nnUNet_n_proc_DA"] = "0"
    with environment(variables):
        checkpoint = _run_training(plans, fold, train, scratch, device)
    _store(checkpoint, out)
    shutil.rmtree(scratch, ignore_errors=True)


def _compiled(training: Training) -> bool:
    """Whether to compile the network: if that pays off and a C compiler is available."""
    return training.epochs * training.iterations >= COMPILE_FROM and c_compiler() is not None


def load_member(path: Path) -> Member:
    """Read a member; a missing or broken file is a ``UserError``."""
    import torch

    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        # In the usual order of axes, whichever the training kept: networks use these very tensors,
        # and the order decides how a convolution rounds.
        weights = {
            name: each.clone(memory_format=torch.contiguous_format)
            for name, each in content["weights"].items()
        }
        return Member(weights, content["mirror_axes"])
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; train this fold first") from None
    except Exception as error:
        cause = " ".join(str(error).split())
        raise UserError(
            f"{path}: not a trained member ({cause}); remove it and run again"
        ) from error


def _run_training(
    plans: dict[str, Any], fold: int, train: Path, scratch: Path, device: str
) -> Path:
    import torch

    from nnactive.nnunet.trainer import CHECKPOINT_FINAL, CHECKPOINT_LATEST, PartialLabelTrainer

    final = next(scratch.rglob(CHECKPOINT_FINAL), None)
    if final is not None:
        return final
    latest = next(scratch.rglob(CHECKPOINT_LATEST), None)
    trainer = PartialLabelTrainer(
        plans={**plans, "continue_training": latest is not None},
        configuration=CONFIGURATION,
        fold=fold,
        dataset_json=training_dataset_json(train),
        device=torch.device(device),
    )
    if latest is not None:
        trainer.load_checkpoint(str(latest))
    trainer.run_training()
    return Path(trainer.output_folder) / CHECKPOINT_FINAL


def _store(checkpoint: Path, out: Path) -> None:
    import torch

    content = torch.load(checkpoint, map_location="cpu", weights_only=False)
    weights = content["network_weights"]
    if not all(bool(torch.isfinite(tensor).all()) for tensor in weights.values()):
        raise NnactiveError(f"{out}: the training diverged (weights not finite); run it again")
    axes = content["inference_allowed_mirroring_axes"]
    member = {"weights": weights, "mirror_axes": None if axes is None else tuple(axes)}
    with atomic_path(out) as draft:
        torch.save(member, draft)
