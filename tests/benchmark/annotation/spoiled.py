"""Ways to spoil a person's label file of patch ``p01``."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK
from projects import Built, date, placed


@dataclass(frozen=True)
class Wrong:
    """One way to be wrong, made of an intact project with nothing labelled."""

    spoil: Callable[[Built], Any]
    told: str
    """The whole line."""
    options: dict[str, Any] = field(default_factory=dict)
    rounds: int = 1


def drawn(b: Built) -> np.ndarray:
    return b.drawn("p01")


def put(
    b: Built, array: np.ndarray, move: tuple[float, ...] = (0, 0, 0), name: str = "p01"
) -> Path:
    start = np.add(b.patch("p01").crop.start, move)
    return b.save(b.label_file(name), array, "case_001", start)


def changed(b: Built, change: Callable[[SimpleITK.Image], SimpleITK.Image | None]) -> None:
    file = put(b, drawn(b))
    image = SimpleITK.ReadImage(str(file))
    SimpleITK.WriteImage(change(image) or image, str(file))


def with_values(b: Built, *values: float, kind: type = np.int16) -> None:
    """Values in place of liver and tumour."""
    found = drawn(b).astype(kind)
    for label, value in enumerate(values, 1):
        found[drawn(b) == label] = value
    put(b, found)


def spoiled(b: Built, change: Callable[[np.ndarray], Any]) -> None:
    array = drawn(b)
    change(array)
    put(b, array)


def raw(b: Built, content: bytes | Callable[[bytes], bytes]) -> None:
    file = put(b, drawn(b))
    file.write_bytes(content if isinstance(content, bytes) else content(file.read_bytes()))


def replaced(b: Built, make: Callable[[Path], Any]) -> None:
    b.label_file("p01").unlink()
    make(b.label_file("p01"))


def renamed(b: Built, name: str) -> None:
    file = put(b, drawn(b))
    shutil.move(file, file.with_name(name))


def segments(b: Built, *names: str, layers: np.ndarray | None = None) -> None:
    """A segmentation of 3D Slicer: values 1.. are these segments."""
    patch = b.patch("p01")
    array = drawn(b) if layers is None else layers
    image = placed(
        b.grid("case_001"), array[..., 0] if layers is not None else array, patch.crop.start
    )
    if layers is not None:
        vector = SimpleITK.GetImageFromArray(layers, isVector=True)
        vector.CopyInformation(image)
        image = vector
    for number, name in enumerate(names):
        image.SetMetaData(f"Segment{number}_Name", name)
        image.SetMetaData(
            f"Segment{number}_LabelValue", "1" if layers is not None else str(number + 1)
        )
        image.SetMetaData(f"Segment{number}_Layer", str(number) if layers is not None else "0")
    file = b.label_file("p01", ".seg.nrrd")
    SimpleITK.WriteImage(image, str(file), useCompression=True)
    date(file)


def two_layers(b: Built) -> np.ndarray:
    layers = np.zeros((*drawn(b).shape, 2), np.uint8)
    layers[..., 0], layers[..., 1] = drawn(b) == 1, drawn(b) == 2
    z, y, x = np.argwhere(drawn(b) == 2)[0]
    layers[z, y, x] = 1
    return layers


def partly_ignored(array: np.ndarray) -> None:
    z, y, x = np.argwhere(array == 2)[0]
    array[z, y, x : x + 2] = 3


def flipped(image: SimpleITK.Image) -> None:
    """The first axis runs the other way from the same corner."""
    a = list(image.GetDirection())
    image.SetDirection([-a[0], a[1], a[2], -a[3], a[4], a[5], -a[6], a[7], a[8]])


def turned(image: SimpleITK.Image) -> None:
    image.SetDirection((1, 0, 0, 0, 1, 0, 0, 0, 1))


def stack(image: SimpleITK.Image) -> SimpleITK.Image:
    return SimpleITK.JoinSeries([image, image])


def colours(image: SimpleITK.Image) -> SimpleITK.Image:
    return SimpleITK.Compose([image, image, image])


def whole_without_box(b: Built) -> None:
    b.save(
        b.places.round(0) / "case_002.nii.gz",
        np.zeros((4, 20, 22), np.uint8),
        "case_002",
        (0, 0, 0),
    )


def both(b: Built) -> None:
    put(b, drawn(b))
    other = drawn(b)
    partly_ignored(other)
    other[drawn(b) == 2] = 1
    b.save(b.label_file("p01", ".nrrd"), other, "case_001", b.patch("p01").crop.start)


def other_place(b: Built) -> None:
    b.save(b.label_file("p01"), b.drawn("p02"), "case_001", b.patch("p02").crop.start)


def other_image(b: Built) -> None:
    whole = np.zeros(b.grid("case_002").shape, np.uint8)
    b.save(b.label_file("p01"), whole, "case_002", (0, 0, 0))


def locked(b: Built) -> None:
    put(b, drawn(b))
    (b.places.round(0) / ".~lock.p01_label.nii.gz#").write_text("me")


def image_as_label(b: Built) -> None:
    shutil.copy(b.places.round(0) / "p01_image.nii.gz", b.label_file("p01"))
