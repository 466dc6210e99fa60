import os

import numpy as np
import pytest

from nnactive.errors import UserError
from nnactive.nnunet.environment import environment
from nnactive.nnunet.planning import (
    describe,
    fingerprint,
    plan,
    sample_intensities,
    samples_per_case,
    target_geometry,
)
from nnactive.streams import stream

RAW, PREPROCESSED, RESULTS = "nnUNet_raw", "nnUNet_preprocessed", "nnUNet_results"
DESCRIPTION = describe(["background", "organ"], ["ct"], 20)


def test_the_ignore_label_is_the_highest():
    assert DESCRIPTION["labels"] == {"background": 0, "organ": 1, "ignore": 2}
    assert DESCRIPTION["channel_names"] == {"0": "ct"}


def test_target_is_the_median_spacing():
    spacings = [(3.0, 0.5, 0.5), (2.0, 0.7, 0.6), (2.5, 0.9, 0.9)]
    found = target_geometry("Dataset901_X", DESCRIPTION, spacings, [(100, 200, 200)] * 3)
    assert found == ((2.5, 0.7, 0.6), (0, 1, 2))


def test_a_thick_and_short_axis_gets_its_10th_percentile_and_comes_first():
    spacings = [(1.0, 1.0, z) for z in (4, 5, 5, 6, 8, 8, 8, 10, 10, 10, 10)]
    shapes = [(200, 200, 20)] * 11
    # Median 8 > 3 * 1 and 20 * 3 < 200; sorted, the 10th percentile of 11 is the second: 5.
    found = target_geometry("Dataset901_X", DESCRIPTION, spacings, shapes)
    assert found == ((5.0, 1.0, 1.0), (2, 0, 1))


def test_samples_are_nnunets_share_but_at_most_the_largest_case():
    assert samples_per_case([(500, 500, 500)] * 150) == 666_666
    assert samples_per_case([(10, 10, 10), (20, 10, 10)]) == 2000


def test_every_voxel_may_be_drawn_and_draws_repeat():
    image = np.arange(8, dtype=np.float32).reshape(1, 2, 2, 2)
    drawn = sample_intensities(image, 500)
    assert drawn.shape == (1, 500)
    assert set(drawn[0]) == set(range(8))
    np.testing.assert_array_equal(drawn, sample_intensities(image, 500))


def test_statistics_weigh_cases_equally():
    measured = fingerprint((2.0, 1.0, 1.0), [(4, 4, 4)] * 2, [np.zeros((1, 50)), np.ones((1, 50))])
    statistics = measured["foreground_intensity_properties_per_channel"]["0"]
    assert statistics == {
        "mean": 0.5,
        "median": 0.5,
        "std": 0.5,
        "min": 0.0,
        "max": 1.0,
        "percentile_00_5": 0.0,
        "percentile_99_5": 1.0,
    }


@pytest.fixture(scope="module")
def plans():
    shapes = [(30, 100 + i, 90) for i in range(20)]
    samples = [stream("tests", "planning", i).normal(50, 10, (1, 100)) for i in range(20)]
    measured = fingerprint((3.0, 0.8, 0.8), shapes, samples)
    return plan("Dataset901_X", DESCRIPTION, measured)


def test_plans_neither_resample_nor_mask_again(plans):
    configuration = plans["configurations"]["3d_fullres"]
    assert configuration["spacing"] == [3.0, 0.8, 0.8]
    assert configuration["normalization_schemes"] == ["CTNormalization"]
    assert configuration["use_mask_for_norm"] == [False]
    assert configuration["median_image_size_in_voxels"] == [30, 109.5, 90]
    statistics = plans["foreground_intensity_properties_per_channel"]["0"]
    assert statistics["mean"] == pytest.approx(50, abs=1)


def test_planning_prints_nothing_and_leaves_no_trace(plans, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv(RAW, "/kept")
    monkeypatch.delenv(PREPROCESSED, raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    target_geometry("Dataset901_X", DESCRIPTION, [(3.0, 1.0, 1.0)], [(9, 9, 9)])
    assert capsys.readouterr().out == ""
    assert os.environ[RAW] == "/kept"
    assert PREPROCESSED not in os.environ
    assert list(tmp_path.iterdir()) == []


def test_environment_is_restored_after_an_error(monkeypatch):
    monkeypatch.setenv(RAW, "before")
    monkeypatch.delenv(RESULTS, raising=False)

    def fail():
        with environment({RAW: None, RESULTS: "inside"}):
            assert RAW not in os.environ
            assert os.environ[RESULTS] == "inside"
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        fail()
    assert os.environ[RAW] == "before"
    assert RESULTS not in os.environ


def test_a_second_resampling_is_refused():
    measured = fingerprint((0.8, 3.0, 0.8), [(100, 30, 90)] * 20, [np.zeros((1, 50))] * 20)
    with pytest.raises(AssertionError, match="resampled"):
        plan("Dataset901_X", DESCRIPTION, measured)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("spacing", "shape", "cause"),
    [
        ((1.0, 1.0, 1.0), (1, 64, 64), "volumes of one slice can't be trained in 3D"),
        ((1e6, 1.0, 1.0), (20, 20, 20), "Error"),
        ((1.0, 1e-6, 1e-6), (2, 20, 20), "Error"),
        ((1.0, 1.0, 1.0), (10, 10, 100_000), "Error"),
    ],
)
def test_what_nnunet_cannot_plan_is_one_line_with_its_cause(spacing, shape, cause):
    measured = fingerprint(spacing, [shape] * 20, [np.zeros((1, 50))] * 20)
    with pytest.raises(UserError) as refused:
        plan("Dataset901_X", DESCRIPTION, measured)
    sizes = " x ".join(f"{n:g}" for n in shape)
    assert f"Dataset901_X: nnU-Net can't plan a 3D network for images of {sizes} voxels" in str(
        refused.value
    )
    assert cause in str(refused.value)
    assert "; correct the headers" in str(refused.value)


def test_a_spacing_that_nnunet_cannot_choose_is_one_line():
    with pytest.raises(UserError, match="can't plan a 3D network"):
        target_geometry("Dataset901_X", DESCRIPTION, [(1.0, 1.0, 1.0)], [(5, 5)])
