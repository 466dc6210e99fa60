"""Generated datasets in nnU-Net's raw layout, each spoilt in some ways."""

import gzip
import json
import math
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from nnactive.streams import stream

CASES = 6
ENDINGS = (".nii.gz", ".nii", ".mha", ".nrrd", ".mhd", ".img", ".hdr", ".tif", ".png", ".npy", ".x")
CODES = {"u1": 2, "i2": 4, "i4": 8, "f4": 16, "f8": 64, "i1": 256, "u2": 512, "u4": 768, "i8": 1024}
"""NIfTI's codes by numpy's types."""
FOREIGN_CODES = (0, 1, 32, 128, 1536, 1792, 2304, -1, 9999)
"""Bits, complex, colours, long doubles, and what doesn't exist."""
IDENTITY = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
DIRECTIONS = (
    IDENTITY,
    ((-1, 0, 0), (0, -1, 0), (0, 0, 1)),
    ((0, 1, 0), (1, 0, 0), (0, 0, 1)),
    ((1, 0.0012, 0), (0, 1, 0), (0, 0, 1)),
    ((1, 0.5, 0), (0, 1, 0), (0, 0, 1)),
    ((1, 1, 0), (1, 1, 0), (0, 0, 1)),
    ((0, 0, 0), (0, 0, 0), (0, 0, 0)),
    ((math.nan, 0, 0), (0, 1, 0), (0, 0, 1)),
    ((1e30, 0, 0), (0, 1e-30, 0), (0, 0, 1)),
)


@dataclass(frozen=True)
class Volume:
    """One file's header and content."""

    shape: tuple[int, int, int] = (6, 7, 8)
    spacing: tuple[float, float, float] = (2.0, 1.0, 1.0)
    kind: str = "f4"
    direction: tuple[tuple[float, ...], ...] = IDENTITY
    forms: tuple[int, int] = (1, 1)
    """NIfTI's qform_code and sform_code."""
    patches: tuple[tuple[int, bytes], ...] = ()
    """Bytes to write over the header, by offset."""
    value: float | None = None
    """Fill the volume with it, or mix it in if it is not finite; None: noise, or two classes."""
    kept: float = 1.0
    """Fraction of the file that is kept."""


@dataclass(frozen=True)
class Spoilt:
    """One dataset."""

    ending: str = ".nii.gz"
    description: Any = field(default_factory=dict)
    """Fields of dataset.json; None removes one; anything but a dict replaces the whole."""
    everywhere: Volume = Volume()
    images: dict[int, Volume] = field(default_factory=dict)
    labels: dict[int, Volume] = field(default_factory=dict)
    channels: int = 1

    @property
    def card_fields(self) -> dict[str, Any]:
        """What a card of the dataset says, if dataset.json were right."""
        return {
            "name": "spoilt",
            "channels": {f"MRI{c}": "zscore" for c in range(self.channels)},
            "cases": CASES,
            "spacing": None,
            "source": {"layout": "nnunet", "ending": self.ending},
        }

    def write(self, folder: Path) -> Path:
        """Write the dataset into ``folder``."""
        for number in range(CASES):
            image = self.images.get(number, self.everywhere)
            for channel in range(self.channels):
                name = f"case_{number}_{channel:04d}{self.ending}"
                _write(folder / "imagesTr" / name, image, number, label=False)
            label = self.labels.get(number, image)
            _write(folder / "labelsTr" / f"case_{number}{self.ending}", label, number, label=True)
        content: Any = {
            "channel_names": {str(c): f"MRI{c}" for c in range(self.channels)},
            "labels": {"background": 0, "ball": 1, "dot": 2},
            "numTraining": CASES,
            "file_ending": self.ending,
        }
        if isinstance(self.description, dict):
            content = {k: v for k, v in (content | self.description).items() if v is not None}
        else:
            content = self.description
        (folder / "dataset.json").write_text(json.dumps(content))
        return folder


def _voxels(volume: Volume, number: int, *, label: bool) -> np.ndarray:
    rng = stream("tests", "spoilt", number)
    if label:
        array = np.zeros(volume.shape)
        array[: (volume.shape[0] + 1) // 2] = 1
        array[-1, -1, -1] = 2
    else:
        array = rng.normal(100, 10, volume.shape)
    if volume.value is not None:
        array[:] = volume.value if math.isfinite(volume.value) else array
        array[0, 0, 0] = volume.value
    with np.errstate(all="ignore"):
        return array.astype(np.dtype(volume.kind))


def _write(path: Path, volume: Volume, number: int, *, label: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    array = _voxels(volume, number, label=label)
    if path.name.endswith((".nii.gz", ".nii")):
        content = _nifti(volume, array)
        content = gzip.compress(content, 1) if path.suffix == ".gz" else content
        path.write_bytes(content[: math.ceil(volume.kept * len(content))])
        return
    import SimpleITK

    image = SimpleITK.GetImageFromArray(array)
    try:
        image.SetSpacing(tuple(float(s) for s in reversed(volume.spacing)))
        image.SetDirection([float(x) for row in volume.direction for x in row])
    except RuntimeError:
        pass  # SimpleITK can't express it
    try:
        SimpleITK.WriteImage(image, str(path))
    except RuntimeError:
        path.write_bytes(array.tobytes())
    content = path.read_bytes()
    path.write_bytes(content[: math.ceil(volume.kept * len(content))])


def _nifti(volume: Volume, array: np.ndarray) -> bytes:
    header = bytearray(352)
    x, y, z = reversed(volume.shape)
    sx, sy, sz = reversed(volume.spacing)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, x, y, z, 1, 1, 1, 1)
    struct.pack_into("<2h", header, 70, CODES[volume.kind], 8 * array.itemsize)
    struct.pack_into("<8f", header, 76, 1, sx, sy, sz, 0, 0, 0, 0)
    struct.pack_into("<3f", header, 108, 352, 1, 0)
    header[123] = 2  # mm
    struct.pack_into("<2h", header, 252, *volume.forms)
    for row, (line, offset) in enumerate(zip(volume.direction, (280, 296, 312), strict=True)):
        scaled = [a * s for a, s in zip(line, (sx, sy, sz), strict=True)]
        struct.pack_into("<4f", header, offset, *scaled, float(row))
    header[344:348] = b"n+1\0"
    for offset, patch in volume.patches:
        header[offset : offset + len(patch)] = patch
    return bytes(header) + array.astype(array.dtype.newbyteorder("<")).tobytes()


def _packed(layout: str, values: st.SearchStrategy[Any], *offsets: int) -> st.SearchStrategy[Any]:
    """A value of a header's field at one of the offsets."""
    return st.tuples(
        st.sampled_from(offsets), values.map(lambda value: struct.pack("<" + layout, value))
    )


SMALL = st.integers(1, 3)
SIDES = st.one_of(SMALL, st.integers(4, 9))
SPACINGS = st.one_of(
    st.sampled_from((1e-6, 1e-3, 0.1, 1.0, 10.0, 1e3, 1e6)),
    st.floats(-6, 6).map(lambda power: float(10**power)),
)
HEADER_FIELDS = st.one_of(
    _packed("h", st.integers(-2, 9), 40, 50, 52),  # axes, 4th and 5th extent
    _packed("h", st.sampled_from((-1, 0, 1, 2, 32767)), 42, 44, 46),  # extents
    _packed("h", st.sampled_from((*CODES.values(), *FOREIGN_CODES)), 70),  # type
    _packed("h", st.sampled_from((0, 1, 8, 32, -8)), 72),  # bits
    _packed("f", st.floats(width=32), 76, 80, 84, 88),  # handedness and spacing
    _packed("f", st.sampled_from((0.0, 348.0, 352.0, 1e9, -1.0, math.nan)), 108),  # offset
    _packed("f", st.floats(width=32), 112, 116),  # slope, intercept
    _packed("B", st.integers(0, 255), 123),  # units
    _packed("f", st.floats(width=32), 256, 260, 264, 268, 272, 276),  # quaternion, origin
    _packed("4s", st.sampled_from((b"ni1\0", b"n+2\0", b"\0\0\0\0", b"n+1 ")), 344),  # magic
    _packed("i", st.sampled_from((0, 348, 540, 1543569408, -1)), 0),  # size of the header
)
VOLUMES = st.builds(
    Volume,
    shape=st.one_of(st.tuples(SIDES, SIDES, SIDES), st.tuples(SMALL, SMALL, SMALL)),
    spacing=st.tuples(SPACINGS, SPACINGS, SPACINGS),
    kind=st.sampled_from(sorted(CODES)),
    direction=st.sampled_from(DIRECTIONS),
    forms=st.tuples(st.sampled_from((0, 1, 2, 9)), st.sampled_from((0, 1, 2, 9))),
    patches=st.one_of(st.just(()), st.lists(HEADER_FIELDS, max_size=3).map(tuple)),
    value=st.one_of(
        st.none(),
        st.sampled_from((0.0, 1.0, 2.0, -1.0, 0.5, 255.0, 1e-4, 70000.0, 3e38, math.nan, math.inf)),
    ),
    kept=st.sampled_from((1.0, 1.0, 1.0, 0.5, 0.0)),
)
"""Anything at once."""
FIELDS = ("shape", "spacing", "kind", "direction", "forms", "patches", "value", "kept")


@st.composite
def slightly_spoilt(draw: st.DrawFn) -> Volume:
    """A good volume but for one or two of its properties."""
    bad = draw(VOLUMES)
    names = draw(st.sets(st.sampled_from(FIELDS), min_size=1, max_size=2))
    return Volume(**{name: getattr(bad, name) for name in sorted(names)})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = st.sampled_from(("background", "ball", "dot", "ignore", "", "ba{ll}", "Größe", "a\nb", "0"))
DESCRIPTIONS = st.one_of(
    st.just({}),
    st.dictionaries(
        st.sampled_from(("channel_names", "labels", "numTraining", "file_ending", "name")),
        JSON,
        min_size=1,
        max_size=2,
    ),
    st.fixed_dictionaries({"labels": st.dictionaries(NAMES, st.integers(-1, 300), max_size=4)}),
    st.fixed_dictionaries({"labels": st.dictionaries(NAMES, JSON, max_size=3)}),
    st.fixed_dictionaries({"channel_names": st.dictionaries(st.sampled_from("0123a"), JSON)}),
    st.fixed_dictionaries({"numTraining": st.sampled_from((0, -1, 5, 7, 10**30, True, "6", 6.0))}),
    st.fixed_dictionaries(
        {"file_ending": st.sampled_from(("", ".", "/", "..", "nii", ".NII.gz", "*"))}
    ),
    JSON,
)
VOLUME = st.one_of(slightly_spoilt(), VOLUMES)
BY_CASE = st.dictionaries(st.integers(0, CASES - 1), VOLUME, max_size=2)
SPOILT = st.one_of(
    st.builds(Spoilt, everywhere=VOLUME),
    st.builds(Spoilt, images=BY_CASE),
    st.builds(Spoilt, labels=BY_CASE),
    st.builds(Spoilt, description=DESCRIPTIONS),
    st.builds(
        Spoilt,
        ending=st.sampled_from(ENDINGS),
        everywhere=st.one_of(st.just(Volume()), VOLUME),
        images=BY_CASE,
        labels=BY_CASE,
        channels=st.integers(1, 2),
    ),
)
"""Datasets of six cases of at most 9 voxels an axis."""
