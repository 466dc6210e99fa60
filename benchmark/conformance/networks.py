"""Small networks with random weights, for methods that read a synthetic pool's ensemble."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import cache, partial
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from benchmark.conformance.pools import CHANNELS, Contents, PoolSpec
from nnactive.nnunet.predict.access import NetworkAccess
from nnactive.query.prediction import Prediction, fold
from nnactive.streams import seed, stream

if TYPE_CHECKING:
    from torch import Tensor, nn

FEATURES = (4, 6, 8)
"""Features of the encoder's stages."""
BLOCKS_OF_TILE = 8
"""Edge of a tile in blocks of the pool's images."""
STEEPEST = 20.0
"""Largest change of a logit when another image is predicted."""


def networks(
    spec: PoolSpec,
    contents: Contents,
    predictor: Callable[[str, np.ndarray, frozenset[str]], Prediction],
) -> NetworkAccess:
    """The networks of a synthetic pool's ensemble, made when they are first used.

    They are as nnU-Net's, but small, and know nothing of the pool's predictions.
    """
    edge = BLOCKS_OF_TILE * spec.block
    return NetworkAccess(
        members=spec.members,
        channels=CHANNELS,
        n_classes=spec.classes,
        device="cpu",
        tile=(edge, edge, edge),
        step=1.0,
        images=contents.images.__getitem__,
        borrow=partial(_borrow, spec.classes),
        turn=nullcontext,
        predictor=predictor,
    )


def predict(
    spec: PoolSpec, contents: Contents, case: str, image: np.ndarray, needs: frozenset[str]
) -> Prediction:
    """The prediction of an image that a method made: the case's own, where the two don't differ.

    Each class's logit changes by a linear function of the difference.
    """
    import torch

    rng = stream("conformance", "slopes", spec.classes)
    slopes = rng.standard_normal((spec.classes, CHANNELS), dtype=np.float32)

    def members() -> "Iterator[Tensor]":
        for member in contents.members(spec, case):
            for probability, slope in zip(member, slopes, strict=True):
                change = np.tensordot(slope, image - contents.images[case], axes=1)
                probability.mul_(torch.from_numpy(change.clip(-STEEPEST, STEEPEST)).exp_())
            yield member.div_(member.sum(dim=0))

    return fold(case, members, needs, fresh=True)


@contextmanager
def _borrow(classes: int, member: int) -> "Iterator[nn.Module]":
    network, lock = _made(classes, member)
    with lock:
        yield network


@cache
def _made(classes: int, member: int) -> "tuple[nn.Module, Lock]":
    from dynamic_network_architectures.architectures.unet import (  # type: ignore[import-untyped]
        PlainConvUNet,
    )
    from torch import nn

    from nnactive.pool.torch_rng import TorchRng

    with TorchRng(seed("conformance", "network", classes, member)):
        network = PlainConvUNet(
            input_channels=CHANNELS,
            n_stages=len(FEATURES),
            features_per_stage=FEATURES,
            conv_op=nn.Conv3d,
            kernel_sizes=3,
            strides=[1, 2, 2],
            n_conv_per_stage=1,
            num_classes=classes,
            n_conv_per_stage_decoder=1,
            conv_bias=True,
            norm_op=nn.InstanceNorm3d,
            norm_op_kwargs={"affine": True},
            nonlin=nn.LeakyReLU,
        )
    return network.eval(), Lock()
