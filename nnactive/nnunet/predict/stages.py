"""Stages of nnU-Net's networks, by name, and their feature maps."""

from typing import TYPE_CHECKING, Any, NoReturn

from nnactive.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor, nn

_AXES = 5
ENCODER, DECODER = "encoder", "decoder"


class _Reached(Exception):  # noqa: N818  (a signal, no error)
    """The stage has been computed; carries its feature map."""

    def __init__(self, features: "Tensor") -> None:
        super().__init__()
        self.features = features


def stages(network: "nn.Module") -> "dict[str, nn.Module]":
    """The modules whose outputs are the feature maps, by name, in the order of computation.

    ``encoder.0`` has the image's resolution; ``decoder.0`` follows the last of the encoder, and the
    last of the decoder is the input of the segmentation layer. Networks without such parts have
    none.
    """
    found = {}
    for part in (ENCODER, DECODER):
        modules = getattr(getattr(network, part, None), "stages", ())
        found.update({f"{part}.{number}": module for number, module in enumerate(modules)})
    return found


def feature_map(network: "nn.Module", stage: str, window: "Tensor") -> "Tensor":
    """A stage's feature map for a tile ``(1, C, z, y, x)``: ``(1, D, z, y, x)``, fewer cells.

    Nothing that comes after the stage is computed, except for the rest of the encoder.

    Args:
        network: the network, on the tile's device.
        stage: a name of `stages`; the number may count from the last.
        window: the tile.

    Raises:
        UserError: if the network has no encoder that returns a list of feature maps.
    """
    part, _, number = stage.partition(".")
    skips = _skips(network, window)
    if part == ENCODER:
        return skips[int(number)]
    decoder: Any = getattr(network, part)
    hook = decoder.stages[int(number)].register_forward_hook(_stop)
    try:
        decoder(skips)
    except _Reached as reached:
        return reached.features
    finally:
        hook.remove()
    raise UserError(f"the decoder of {type(network).__name__} doesn't compute {stage}")


def _stop(_: object, __: object, features: "Tensor") -> NoReturn:
    raise _Reached(features)


def _skips(network: "nn.Module", window: "Tensor") -> "list[Tensor]":
    encoder: Any = getattr(network, ENCODER, None)
    found = encoder(window) if encoder is not None else None
    if not isinstance(found, list | tuple) or found[-1].ndim != _AXES:
        raise UserError(
            f"the network {type(network).__name__} has no encoder that returns a list of feature "
            "maps (1, D, z, y, x), so patches have no embedding; choose a method that needs none"
        )
    return list(found)
