"""Ensemble members: storing and loading them; a member is a file with a network's weights."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nnactive.errors import NnactiveError, UserError
from nnactive.io.files import atomic_path


@dataclass(frozen=True)
class Member:
    """Weights of one ensemble member, on the CPU."""

    weights: dict[str, Any]
    mirror_axes: tuple[int, ...] | None
    """Spatial axes (0 = z) that test-time mirroring may flip."""


def save_member(path: Path, member: Member) -> None:
    """Write a member.

    Raises:
        NnactiveError: if the weights are not finite.
    """
    import torch

    if not all(bool(torch.isfinite(tensor).all()) for tensor in member.weights.values()):
        raise NnactiveError(f"{path}: the training diverged (weights not finite); run it again")
    with atomic_path(path) as draft:
        torch.save({"weights": member.weights, "mirror_axes": member.mirror_axes}, draft)


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
