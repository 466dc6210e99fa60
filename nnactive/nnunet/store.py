"""Volumes on disk in the format that nnU-Net trains from: blosc2 arrays, ``.b2nd``."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from nnactive.errors import UserError
from nnactive.io.files import write_bytes

if TYPE_CHECKING:
    import blosc2
    import numpy as np

SUFFIX = ".b2nd"


def write_volume(path: Path, array: "np.ndarray", patch_size: Sequence[int]) -> None:
    """Write a volume atomically, cut into nnU-Net's blocks and chunks for ``patch_size``.

    Args:
        path: file name ending in ``.b2nd``.
        array: ``(C, Z, Y, X)`` or ``(Z, Y, X)``, stored as it is; nnU-Net's loader expects a
            leading axis on images and labels alike.
        patch_size: size in voxels, (z, y, x), of the patches that will be read, usually the plan's.

    Raises:
        OSError: if the file cannot be written, for example because the disk is full.
    """
    import blosc2
    import numpy as np
    from nnunetv2.training.dataloading.nnunet_dataset import comp_blosc2_params

    blosc2.set_nthreads(1)
    spatial = array.shape[-3:]
    channels = array.shape[0] if array.ndim == 4 else 1  # noqa: PLR2004
    blocks, chunks = comp_blosc2_params((channels, *spatial), tuple(patch_size), array.itemsize)
    stored = blosc2.asarray(
        np.ascontiguousarray(array),
        blocks=blocks[-array.ndim :],
        chunks=chunks[-array.ndim :],
        cparams={
            "codec": blosc2.Codec.LZ4HC,
            "clevel": 5,
            "filters": [blosc2.Filter.SHUFFLE],
            "nthreads": 1,
        },
    )
    write_bytes(path, stored.to_cframe())


def read_volume(path: Path) -> "np.ndarray":
    """The entire array of a ``.b2nd`` file.

    Raises:
        UserError: if the file is missing or damaged.
    """
    with _reporting_damage(path):
        array: np.ndarray = _open(path)[...]
    return array


def read_box(path: Path, box: "Sequence[int | slice]") -> "np.ndarray":
    """A part of a ``.b2nd`` file's array; only its chunks are read.

    Args:
        path: the file.
        box: index of the array: a number or a slice an axis.

    Raises:
        UserError: if the file is missing or damaged.
    """
    with _reporting_damage(path):
        array: np.ndarray = _open(path)[tuple(box)]
    return array


def volume_shape(path: Path) -> tuple[int, ...]:
    """Shape of a ``.b2nd`` file's array, without reading its content."""
    with _reporting_damage(path):
        return tuple(int(n) for n in _open(path).shape)


def _open(path: Path) -> "blosc2.NDArray":
    import blosc2

    if not path.is_file():
        raise UserError(f"{path}: no such file; {_fix(path)}")
    return blosc2.open(urlpath=str(path), mode="r", dparams={"nthreads": 1})


@contextmanager
def _reporting_damage(path: Path) -> Iterator[None]:
    try:
        yield
    except (RuntimeError, ValueError) as error:
        raise UserError(f"{path}: not a readable volume ({error}); {_fix(path)}") from error


def _fix(path: Path) -> str:
    return f"remove {path.parent.parent} and prepare the dataset again"
