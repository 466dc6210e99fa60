"""Small pools in memory, for tests of everything between predictions and patches."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from nnactive.geometry import Patch, Triple
from nnactive.labels import partial_label
from nnactive.methods import QueryMethod
from nnactive.pool.info import PoolInfo
from nnactive.pool.sources import Sources
from nnactive.pool.view import PoolView
from nnactive.query.prediction import Need, fold
from nnactive.streams import stream

IGNORE = 3
SHAPES = {"a": (9, 12, 10), "b": (12, 9, 14), "c": (3, 16, 16), "d": (10, 10, 10)}
LABELLED = Patch("d", (3, 3, 3), (4, 4, 4))


def make_label(case: str, shape: Triple, n_classes: int = 3) -> np.ndarray:
    """A small cube of each foreground class in a sea of background."""
    rng = stream("label", case)
    label = np.zeros(shape, dtype=np.int16)
    for value in range(1, n_classes):
        z, y, x = (int(rng.integers(max(1, n - 2))) for n in shape)
        label[z : z + 2, y : y + 2, x : x + 2] = value
    return label


def make_members(
    case: str, shape: Triple, n_classes: int = 3, members: int = 2
) -> list[torch.Tensor]:
    """Softmax probabilities of some members, ``(C, Z, Y, X)``."""
    generator = torch.Generator().manual_seed(int(stream("member", case).integers(2**31)))
    return [
        torch.softmax(2 * torch.randn((n_classes, *shape), generator=generator), dim=0)
        for _ in range(members)
    ]


def embed(case: str, patches: Sequence[Patch]) -> np.ndarray:
    """Features that depend only on the patch, float32 ``(len(patches), 6)``."""
    drawn = [stream("embedding", case, patch.start).normal(size=6) for patch in patches]
    return np.array(drawn, dtype=np.float32).reshape(-1, 6)


def build_pool(
    method: QueryMethod | type[QueryMethod] | None = None,
    shapes: Mapping[str, Triple] = SHAPES,
    labelled: Iterable[Patch] = (),
    members: Callable[[str, Triple], list[torch.Tensor]] = make_members,
    **changes: Any,
) -> PoolView:
    """Build a pool view; every field of its info and its sources can be replaced by keyword.

    Only methods that declare it get labels and embeddings.
    """
    labelled = tuple(labelled)
    labels = {case: make_label(case, shape) for case, shape in shapes.items()}
    ignore_elsewhere = {
        case: partial_label(labels[case], [p for p in labelled if p.case == case], IGNORE)
        for case in shapes
    }
    needs = method.needs if method else QueryMethod.needs
    info: dict[str, Any] = {
        "shapes": shapes,
        "spacing": (2.0, 1.0, 1.0),
        "patch_size": (4, 4, 4),
        "stride": (2, 2, 2),
        "candidates": 5,
        "loop": 1,
        "queries": 2,
        "n_classes": 3,
        "labelled": labelled,
    }
    sources: dict[str, Any] = {
        "images": lambda case: np.zeros((1, *shapes[case]), dtype=np.float32),
        "partial_labels": ignore_elsewhere.__getitem__,
        "predictor": lambda case, needs: fold(
            case, lambda: iter(members(case, shapes[case])), needs
        ),
        "embedder": embed if Need.EMBEDDING in needs else None,
        "needs": needs,
        "names": ("setting", "method", 1, 1),
        "oracle_labels": labels.__getitem__ if method and method.oracle else None,
    }
    for name, value in changes.items():
        (info if name in info else sources)[name] = value
    return PoolView(PoolInfo(**info), Sources(**sources))
