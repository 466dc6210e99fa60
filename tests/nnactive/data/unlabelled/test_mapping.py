"""Between prepared images and files: nnU-Net's own resampling decides what has to be drawn."""

import itertools

import numpy as np
import pytest
import SimpleITK
from hypothesis import given, settings
from hypothesis import strategies as st

from nnactive.data.unlabelled.mapping import (
    _nearest_axis,
    box_of,
    core_of,
    corner_mm,
    known_in,
    patch_to_prepared,
    to_file,
    to_prepared,
)
from nnactive.data.unlabelled.source import Box, Grid, Image, Source
from nnactive.geometry import Patch, as_triple
from nnactive.nnunet.preprocess import resample, resample_image, resample_label
from nnactive.streams import stream

IGNORE = 4
ROTATED = (0.8, -0.6, 0.0, 0.6, 0.8, 0.0, 0.0, 0.0, -1.0)


def source_of(shape, spacing, target, transpose=(0, 1, 2), crop=None, direction=ROTATED):
    """A case as nnU-Net would crop and resample it."""
    start, size = crop or ((0, 0, 0), shape)
    stored = as_triple(
        round(spacing[axis] / mm * size[axis]) for axis, mm in zip(transpose, target, strict=True)
    )
    return Source(
        image=Image(id="a", files=("a.nii.gz",)),
        grid=Grid(shape=shape, spacing=spacing, origin=(-3.5, 20.25, 7.0), direction=direction),
        transpose=transpose,
        crop_start=start,
        crop_size=size,
        stored=stored,
        scale=(1.0,),
        offset=(0.0,),
    )


def blobs(shape, rng, classes=IGNORE):
    """A label map with large and small pieces of all classes."""
    coarse = rng.integers(0, classes, [n // 3 + 1 for n in shape])
    fine = rng.integers(0, classes, shape)
    label = np.kron(coarse, np.ones((3, 3, 3), int))[tuple(slice(n) for n in shape)]
    return np.where(rng.random(shape) < 0.2, fine, label).astype(np.int16)


def some_patches(stored, rng, number=6):
    """Patches of any size and place."""
    for _ in range(number):
        size = [int(rng.integers(1, n + 1)) for n in stored]
        start = [int(rng.integers(0, n - p + 1)) for n, p in zip(stored, size, strict=True)]
        yield Patch("a", as_triple(start), as_triple(size))


def only_in(label, box):
    """What a person draws of a complete map: one box."""
    drawn = np.full_like(label, IGNORE)
    drawn[box.slices] = label[box.slices]
    return drawn


spacings = st.tuples(*[st.sampled_from([0.4, 0.5, 0.7, 1.0, 1.25, 1.7, 2.0, 3.0, 5.0])] * 3)


@settings(max_examples=40, deadline=None)
@given(
    shape=st.tuples(*[st.integers(3, 14)] * 3),
    spacing=spacings,
    target=spacings,
    transpose=st.permutations((0, 1, 2)).map(tuple),
    cropped=st.booleans(),
    masked=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_a_box_of_a_complete_map_gives_the_patch_of_the_complete_map(
    shape, spacing, target, transpose, cropped, masked, seed
):
    rng = stream("tests", "mapping", seed)
    crop = ((1, 0, 1), as_triple(n - d for n, d in zip(shape, (1, 1, 2), strict=True)))
    source = source_of(shape, spacing, target, transpose, crop if cropped else None)
    if min(source.stored) == 0:
        return
    label = blobs(shape, rng)
    outside = rng.random(source.crop_size) < 0.3 if masked else None
    complete = to_prepared(source, label, target, outside)
    assert complete.shape == source.stored
    for patch in some_patches(source.stored, rng, 3):
        drawn = to_prepared(source, only_in(label, box_of(source, patch)), target, outside)
        np.testing.assert_array_equal(drawn[patch.slices], complete[patch.slices])
        alone = patch_to_prepared(source, label, target, patch, outside)
        assert (alone.dtype, alone.shape) == (np.int16, patch.size)
        np.testing.assert_array_equal(alone, complete[patch.slices])


@pytest.mark.parametrize(
    ("spacing", "target", "transpose"),
    [
        ((5.0, 0.9, 0.8), (2.5, 1.0, 1.0), (0, 1, 2)),
        ((1.0, 1.0, 1.0), (1.0, 1.0, 1.0), (2, 0, 1)),
        ((1.0, 0.7, 3.5), (4.0, 0.9, 0.6), (2, 0, 1)),
        ((2.0, 1.0, 1.5), (1.2, 1.2, 1.2), (1, 0, 2)),
    ],
)
def test_labels_become_what_the_benchmark_makes_of_them(spacing, target, transpose):
    rng = stream("tests", "mapping", "benchmark", spacing)
    shape = (11, 13, 12)
    image = rng.normal(100, 20, (1, *shape))
    image[0, :2] = image[0, :, :, 9:] = image[0, 2:5, :6, :4] = 0
    label = blobs(shape, rng)
    crop = (2, 0, 0), (9, 13, 9)
    source = source_of(shape, spacing, target, transpose, crop)
    wanted_image, wanted = resample(image, label, spacing, target, transpose)
    cropped = resample_image(image, spacing, target, transpose)
    assert (cropped.start, cropped.size) == crop
    np.testing.assert_array_equal(cropped.image, wanted_image)
    np.testing.assert_array_equal(cropped.outside, image[0, 2:, :, :9] == 0)
    found = to_prepared(source, label, target, cropped.outside)
    np.testing.assert_array_equal(found, wanted)


def test_the_mask_matters_where_background_is_resampled():
    rng = stream("tests", "mapping", "mask")
    label = blobs((12, 12, 12), rng, classes=3)
    outside = np.zeros((12, 12, 12), bool)
    outside[:5] = True
    args = label, (1.0, 1.0, 1.0), (0.8, 0.8, 0.8), (0, 1, 2)
    assert (resample_label(*args) != resample_label(*args, outside)).any()


def test_where_the_grids_are_the_same_the_box_is_the_patch():
    source = source_of(
        (9, 8, 7), (5.0, 1.0, 1.0), (1.0, 5.0, 1.0), (1, 0, 2), ((2, 0, 1), (6, 8, 5))
    )
    assert source.stored == (8, 6, 5)
    patch = Patch("a", (3, 1, 2), (4, 5, 2))
    box = Box(start=(3, 3, 3), size=(5, 4, 2))
    assert box_of(source, patch) == core_of(source, patch) == box
    inside = np.arange(8 * 6 * 5, dtype=np.uint8).reshape(source.stored)
    everywhere = Box(start=(0, 0, 0), size=(9, 8, 7))
    back = to_file(source, inside, everywhere)
    assert back.dtype == np.uint8
    np.testing.assert_array_equal(to_prepared(source, back, (1.0, 5.0, 1.0)), inside)
    np.testing.assert_array_equal(to_file(source, inside, box), back[box.slices])
    assert not back[:2].any()


@pytest.mark.parametrize(
    ("spacing", "target", "start", "stop", "first", "last"),
    [
        (1.0, 1.5, 2, 4, 3, 5),  # centres at 3.25 and 4.75
        (1.0, 3.0, 1, 2, 4, 4),  # the middle one of three
        (1.0, 2.0, 1, 3, 2, 5),  # centres at 2.5 and 4.5
        (1.0, 0.5, 2, 4, 0, 2),  # centres at 0.75 and 1.25
        (1.0, 0.5, 0, 2, 0, 1),  # clamped at the image's edge
        (5.0, 2.5, 2, 4, 1, 1),  # the nearest of thick slices
        (5.0, 2.5, 3, 5, 1, 2),
    ],
)
def test_a_box_holds_what_is_read_and_no_more(spacing, target, start, stop, first, last):
    source = source_of((12, 6, 6), (spacing, 1.0, 1.0), (target, 1.0, 1.0))
    box = box_of(source, Patch("a", (start, 2, 3), (stop - start, 2, 1)))
    assert (box.start, box.size) == ((first, 2, 3), (last + 1 - first, 2, 1))


@settings(max_examples=80, deadline=None)
@given(
    shape=st.tuples(*[st.integers(4, 16)] * 3),
    spacing=spacings,
    target=spacings,
    transpose=st.permutations((0, 1, 2)).map(tuple),
    seed=st.integers(0, 1000),
)
def test_where_all_is_known_that_a_voxel_depends_on(shape, spacing, target, transpose, seed):
    rng = stream("tests", "known", seed)
    crop = ((1, 0, 1), as_triple(n - d for n, d in zip(shape, (1, 1, 2), strict=True)))
    source = source_of(shape, spacing, target, transpose, crop)
    if min(source.stored) == 0:
        return
    [drawn] = some_patches(shape, rng, 1)
    known = np.zeros(shape, bool)
    known[drawn.slices] = True
    found = known_in(source, known)
    assert found.shape == source.stored
    for patch in some_patches(source.stored, rng, 20):
        if found[patch.slices].all():
            assert known[box_of(source, patch).slices].all()
    assert known_in(source, np.ones(shape, bool)).all()
    if source.stored == tuple(crop[1][axis] for axis in transpose):
        inner = known[Box(start=crop[0], size=crop[1]).slices]
        np.testing.assert_array_equal(found, inner.transpose(transpose))


@settings(max_examples=80, deadline=None)
@given(
    shape=st.tuples(*[st.integers(4, 16)] * 3),
    spacing=spacings,
    target=spacings,
    transpose=st.permutations((0, 1, 2)).map(tuple),
    seed=st.integers(0, 1000),
)
def test_cores_hold_the_centres_and_share_no_voxel(shape, spacing, target, transpose, seed):
    source = source_of(shape, spacing, target, transpose)
    if min(source.stored) < 2:
        return
    rng = stream("tests", "cores", seed)
    taken = np.zeros(shape, int)
    cut = int(rng.integers(1, source.stored[0]))
    thick = True
    for start, stop in ((0, cut), (cut, source.stored[0])):
        patch = Patch("a", (start, 0, 0), (stop - start, *source.stored[1:]))
        core, box = core_of(source, patch), box_of(source, patch)
        assert min(core.size) >= 1
        assert all(a <= b for a, b in zip(box.start, core.start, strict=True))
        assert all(a >= b for a, b in zip(box.stop, core.stop, strict=True))
        axis = transpose[0]
        scale = source.stored[0] / shape[axis]
        centres = [k for k in range(shape[axis]) if start <= (k + 0.5) * scale < stop]
        inside = [k for k in centres if box.start[axis] <= k < box.stop[axis]]
        thick &= bool(inside)
        if inside:
            assert (core.start[axis], core.stop[axis]) == (inside[0], inside[-1] + 1)
        taken[core.slices] += 1
    assert not thick or taken.max() == 1


def test_to_file_takes_the_nearest_voxel():
    source = source_of((4, 6, 5), (2.0, 1.0, 1.0), (1.0, 2.0, 1.0), (0, 1, 2))
    rng = stream("tests", "mapping", "file")
    prepared = rng.random(source.stored).astype(np.float32)
    found = to_file(source, prepared, Box(start=(1, 1, 0), size=(3, 4, 5)))
    for z, y, x in itertools.product(range(3), range(4), range(5)):
        place = int((z + 1 + 0.5) * 2), int((y + 1 + 0.5) / 2), x
        assert found[z, y, x] == prepared[place]


def test_corners_are_where_simpleitk_has_them():
    source = source_of((4, 6, 5), (2.5, 0.5, 0.75), (1.0, 1.0, 1.0))
    image = SimpleITK.Image(5, 6, 4, SimpleITK.sitkUInt8)
    image.SetSpacing((0.75, 0.5, 2.5))
    image.SetOrigin(source.grid.origin)
    image.SetDirection(ROTATED)
    found = corner_mm(source, Box(start=(1, 2, 0), size=(2, 3, 5)))
    wanted = [
        image.TransformContinuousIndexToPhysicalPoint((x, y, z))
        for z in (0.5, 2.5)
        for y in (1.5, 4.5)
        for x in (-0.5, 4.5)
    ]
    np.testing.assert_allclose(found, wanted, atol=1e-9)


@pytest.mark.parametrize(
    "spacing", [(5.0, 1.0, 1.0), (3.0, 1.0, 1.0), (1.0, 4.0, 4.0), (0.5, 1.0, 2.0), (1.0, 1.0, 3.1)]
)
def test_thick_slices_are_those_of_nnunet(spacing):
    from nnunetv2.preprocessing.resampling.default_resampling import determine_do_sep_z_and_axis

    separate, axis = determine_do_sep_z_and_axis(None, spacing, (1.0, 1.0, 1.0))
    assert _nearest_axis(spacing) == (axis if separate else None)
