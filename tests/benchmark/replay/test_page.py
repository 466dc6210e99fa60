"""Pictures: what is where, which way up, and in which proportions."""

import base64
import re
import struct
import zlib

import numpy as np
import pytest

from benchmark.pictures.colours import CLASSES, SCALE, labelled, scored
from benchmark.pictures.png import png
from benchmark.replay.page.pictures import PIXELS, Scene, planes
from benchmark.replay.report import iou
from benchmark.replay.scores import Planes
from nnactive.geometry import Patch

SHAPE = (6, 8, 10)
SPACING = (4.0, 1.0, 2.0)
PATCH = Patch("a", (0, 5, 6), (2, 2, 4))
MIDDLE = (1, 6, 8)
OTHER = Patch("a", (4, 5, 0), (2, 2, 4))


def decoded(file: bytes) -> np.ndarray:
    """Pixels of a PNG that uses no filter."""
    columns, rows, depth, kind = struct.unpack(">IIBB", file[16:26])
    assert depth == 8
    start, content = 8, b""
    while start < len(file):
        (length,) = struct.unpack(">I", file[start : start + 4])
        name, body = file[start + 4 : start + 8], file[start + 8 : start + 8 + length]
        assert zlib.crc32(name + body) == struct.unpack(">I", file[start + 8 + length :][:4])[0]
        content += body if name == b"IDAT" else b""
        start += 12 + length
    channels = {2: 3, 6: 4}[kind]
    lines = np.frombuffer(zlib.decompress(content), np.uint8).reshape(rows, -1)
    assert not lines[:, 0].any()
    return lines[:, 1:].reshape(rows, columns, channels)


def shown(svg: str) -> list[np.ndarray]:
    found = re.findall(r"data:image/png;base64,([\w+/=]+)", svg)
    return [decoded(base64.b64decode(each)) for each in found]


def boxes(svg: str, kind: str) -> list[tuple[float, ...]]:
    found = re.findall(
        rf'<rect class="{kind}" x="(.+?)" y="(.+?)" width="(.+?)" height="(.+?)"', svg
    )
    return [tuple(map(float, each)) for each in found]


@pytest.fixture
def drawn():
    image, label = np.zeros(SHAPE, np.float32), np.zeros(SHAPE, np.int16)
    image[MIDDLE] = 1
    label[MIDDLE] = 2
    scores = {"voxel": Planes(tuple(np.take(image, MIDDLE[n], n) for n in range(3)), 0.0, 1.0)}
    grid = [(n - p) // 1 + 1 for n, p in zip(SHAPE, PATCH.size, strict=True)]
    means = np.full(grid, -np.inf, np.float32)
    means[PATCH.start] = 1
    values = tuple(np.take(means, PATCH.start[n], n) for n in range(3))
    scores["patch"] = Planes(values, 0.0, 1.0)
    scene = Scene(image, label, SPACING, [PATCH, OTHER], [])
    return list(planes(PATCH, "k", scene, scores, (1, 1, 1)))


def place(axis: int, voxel: tuple[int, ...]) -> tuple[int, int]:
    """Row and column of a voxel on a plane, as the page says: z up, else down."""
    z, y, x = voxel
    return [(y, x), (SHAPE[0] - 1 - z, x), (SHAPE[0] - 1 - z, y)][axis]


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_each_panel_shows_the_voxel_where_it_is(drawn, axis: int) -> None:
    image, labels, voxel, patch = (str(panel) for panel in drawn[axis].panels)
    row, column = place(axis, MIDDLE)
    (pixels,) = shown(image)
    assert np.argwhere(pixels[..., 0]).tolist() == [[row, column]]
    (colours,) = shown(labels)
    assert np.argwhere(colours[..., 3]).tolist() == [[row, column]]
    assert "#" + bytes(colours[row, column, :3]).hex() == CLASSES[1]
    (score,) = shown(voxel)
    assert "#" + bytes(score[row, column, :3]).hex() == SCALE[-1]
    assert "#" + bytes(score[0, 0, :3]).hex() == SCALE[0]
    (means,) = shown(patch)
    assert np.count_nonzero(means[..., 3]) == 1


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_patch_and_its_score_lie_on_the_voxel_in_millimetres(drawn, axis: int) -> None:
    for panel in drawn[axis].panels:
        svg = str(panel)
        width, height = (float(n) for n in re.search(r'viewBox="0 0 (\S+) (\S+)"', svg).groups())
        rows, columns = [(1, 2), (0, 2), (0, 1)][axis]
        assert (width, height) == (
            SHAPE[columns] * SPACING[columns],
            SHAPE[rows] * SPACING[rows],
        )
        ((x, y, w, h),) = boxes(svg, "this")
        row, column = place(axis, MIDDLE)
        assert x <= column * SPACING[columns] < x + w
        assert y <= row * SPACING[rows] < y + h
        assert (w, h) == (PATCH.size[columns] * SPACING[columns], PATCH.size[rows] * SPACING[rows])
    svg = str(drawn[axis].panels[3])
    left, top, across, down = map(
        float, re.search(r'<image x="(\S+)" y="(\S+)" width="(\S+)" height="(\S+)"', svg).groups()
    )
    (means,) = shown(svg)
    (at,) = np.argwhere(means[..., 3])
    middle = (
        left + (at[1] + 0.5) * across / means.shape[1],
        top + (at[0] + 0.5) * down / means.shape[0],
    )
    ((x, y, w, h),) = boxes(svg, "this")
    assert middle == pytest.approx((x + w / 2, y + h / 2))


def test_other_patches_show_where_the_plane_meets_them(drawn) -> None:
    assert [len(boxes(str(plane.panels[0]), "other")) for plane in drawn] == [0, 1, 0]
    assert [plane.title for plane in drawn] == ["axial", "coronal", "sagittal"]
    assert [plane.directions for plane in drawn] == [
        *("z = 1, R → L, A ↓ P", "y = 6, R → L, S ↓ I", "x = 8, A → P, S ↓ I")
    ]


def test_large_images_are_thinned_out() -> None:
    shape = (2, 3 * PIXELS, 2)
    image = np.zeros(shape, np.float32)
    scene = Scene(image, image.astype(np.int16), (1.0, 1.0, 1.0), [], [])
    first = next(iter(planes(Patch("a", (0, 0, 0), (2, 2, 2)), "k", scene, {}, (1, 1, 1))))
    (pixels,) = shown(str(first.panels[0]))
    assert pixels.shape == (PIXELS, 2, 3)
    assert first.panels[2:] == (None, None)


def test_a_png_holds_any_pixels() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 4), dtype=np.uint8)
    assert np.array_equal(decoded(png(pixels)), pixels)


def test_minus_infinity_and_background_are_transparent() -> None:
    assert scored(np.array([[-np.inf, 0.5]]), 0.0, 1.0)[..., 3].tolist() == [[0, 255]]
    assert (labelled(np.array([[0, 1]]))[..., 3] > 0).tolist() == [[False, True]]
    assert scored(np.array([[2.0]]), 2.0, 2.0).shape == (1, 1, 4)


def test_overlap_is_that_of_all_voxels() -> None:
    def mask(patches):
        volume = np.zeros(SHAPE, bool)
        for patch in patches:
            volume[patch.slices] = True
        return volume

    some = [PATCH, OTHER]
    others = [Patch("a", (1, 4, 5), (2, 2, 4)), Patch("a", (3, 6, 2), (2, 2, 4))]
    both, either = mask(some) & mask(others), mask(some) | mask(others)
    assert iou(some, others) == both.sum() / either.sum() > 0
    assert iou(some, [Patch("b", PATCH.start, PATCH.size)]) == 0
    assert iou([], []) == 1
