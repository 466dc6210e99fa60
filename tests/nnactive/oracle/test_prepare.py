"""Images without labels are prepared as those with labels, and nothing is lost on the way."""

import os
import shutil

import numpy as np
import pytest
import scans
import SimpleITK

from nnactive.data.prepared import OUTSIDE, PreparedDataset
from nnactive.data.unlabelled.find import find_images
from nnactive.data.unlabelled.mapping import to_file
from nnactive.data.unlabelled.source import SOURCES, Box, Image, Source, Sources
from nnactive.errors import NnactiveError, RefusedError, UserError
from nnactive.io.files import read_json, read_model, sha256
from nnactive.nnunet.preprocess import normalise, resample

STAGES = ("compare", "resample", "fingerprint", "normalise")


def sources(folder) -> dict[str, Source]:
    return read_model(folder.out / SOURCES, Sources).cases


def content(folder) -> dict[str, str]:
    """Digest of every file that counts; the notes have time stamps."""
    files = [file for file in folder.out.rglob("*") if file.is_file()]
    return {
        file.relative_to(folder.out).as_posix(): sha256(file)
        for file in files
        if file.name != "source.json"
    }


def test_images_are_those_of_the_benchmark(livers):
    info = livers.prepare(classes=("background", "ball", "dot"))
    assert (info.classes, info.test, info.given) == (("background", "ball", "dot"), (), ())
    assert [case.id for case in info.pool] == list(livers.labels)
    dataset = PreparedDataset(livers.out)
    plans = read_json(dataset.plans_file)
    assert read_json(dataset.dataset_json_file)["labels"]["ignore"] == 3
    for case, label in livers.labels.items():
        image = SimpleITK.ReadImage(str(livers.images / f"{case}.nii.gz"))
        array, source = SimpleITK.GetArrayFromImage(image)[None], sources(livers)[case]
        raw, _ = resample(
            array, label.astype(np.int16), source.grid.spacing, info.spacing, source.transpose
        )
        np.testing.assert_array_equal(dataset.image(case), normalise(raw, plans))
        assert dataset.shape(case) == source.stored == raw.shape[1:]
        assert dataset.toward(case) == "IPL"
        low, high = (
            plans["foreground_intensity_properties_per_channel"]["0"][f"percentile_{p}"]
            for p in ("00_5", "99_5")
        )
        if case in {"case_0", "case_2"}:  # nothing was resampled
            box = Box(start=source.crop_start, size=source.crop_size)
            back = to_file(source, dataset.image(case)[0], box) * source.scale[0] + source.offset[0]
            wanted = array[0][box.slices].clip(low, high)
            np.testing.assert_allclose(back, wanted, rtol=1e-4, atol=1e-2)


def test_done_once_it_is_done(livers, monkeypatch):
    info = livers.prepare()
    assert not (livers.out / "scratch").exists()
    monkeypatch.setattr("nnactive.data.unlabelled.prepare.stages.read_channels", None)
    assert livers.prepare() == info


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("done", [0, 2])
def test_killed_and_run_again_it_makes_the_same(livers, stage, done):
    livers.prepare(workers=2)
    wanted = content(livers)
    shutil.rmtree(livers.out)

    def killed(now, count, total):
        if (now, count) == (stage, done):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        livers.prepare(progress=killed)
    assert not (livers.out / "prepared.json").exists()
    livers.prepare()
    assert content(livers) == wanted


def test_finished_cases_are_not_repeated(livers, monkeypatch):
    def killed(now, count, total):
        if (now, count) == ("normalise", 2):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        livers.prepare(progress=killed)
    monkeypatch.setattr("nnactive.data.unlabelled.prepare.stages.read_channels", None)
    livers.prepare()


def test_an_image_that_changed_on_the_way_is_prepared_again(livers):
    def killed(now, count, total):
        if (now, count) == ("normalise", 2):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        livers.prepare(progress=killed)
    brighter = np.full((9, 10, 11), 300, np.float32)
    brighter[4:] = 100
    livers.write(livers.images / "case_2.nii.gz", brighter, 2)
    livers.prepare()
    assert sources(livers)["case_2"].stored == (9, 10, 11)
    assert not (livers.out / OUTSIDE / "case_2.b2nd").exists()
    found = content(livers)
    shutil.rmtree(livers.out)
    livers.prepare()
    assert content(livers) == found


def test_an_image_that_changed_later_is_refused(livers):
    livers.prepare()
    livers.write(livers.images / "case_2.nii.gz", np.ones((9, 10, 11), np.float32), 2)
    with pytest.raises(UserError, match=r"case_2.nii.gz: has changed since .*; restore it, or"):
        livers.prepare()


def test_images_that_were_copied_are_compared_once(livers, monkeypatch):
    info = livers.prepare()
    for file in livers.images.iterdir():
        os.utime(file, (1, 1))
    seen = []
    assert livers.prepare(progress=lambda *told: seen.append(told)) == info
    assert seen[-1] == ("compare", 4, 4)
    monkeypatch.setattr("nnactive.data.unlabelled.prepare.prepare.read_files", None)
    assert livers.prepare() == info


def test_a_missing_image_is_named(livers):
    livers.prepare()
    (livers.images / "case_2.nii.gz").unlink()
    images = [Image(id=case, files=(f"{case}.nii.gz",)) for case in livers.labels]
    with pytest.raises(UserError, match=r"case_2.nii.gz: missing, .* 'case_2'; restore it"):
        livers.prepare(images=images)


def test_a_dicom_series_is_an_image(livers):
    shutil.rmtree(livers.images)
    for number in range(4):
        made = scans.image(number, (6, 12, 12))
        uid = f"{scans.UID}.{number}"
        scans.write_series(livers.images / f"{scans.PATIENT}_{number}", made, uid=uid)
    info = livers.prepare(spacing=None)
    source = sources(livers)["image_002"]
    assert (source.grid.shape, source.stored) == ((6, 12, 12), info.pool[1].shape)
    assert livers.prepare(spacing=None) == info
    gone = next((livers.images / f"{scans.PATIENT}_1").iterdir())
    images = find_images(livers.images).images
    gone.write_bytes(gone.read_bytes() + b"0")
    with pytest.raises(UserError, match=rf"{gone.name}: has changed since"):
        livers.prepare(spacing=None, images=images)


def test_other_images_or_choices_are_refused(livers):
    livers.prepare()
    fewer = find_images(livers.images).images[1:]
    with pytest.raises(UserError, match="made from another list of images"):
        livers.prepare(images=fewer)
    for change in ({"classes": ("ball",)}, {"channels": {"MRI": "zscore"}}, {"spacing": None}):
        with pytest.raises(UserError, match="made from another choice of classes, channels or"):
            livers.prepare(**change)


def test_a_person_has_no_complete_label_maps(livers):
    livers.prepare()
    with pytest.raises(NnactiveError, match="livers: a person labels this dataset"):
        PreparedDataset(livers.out).pool_label("case_0")


def test_masks_and_sources_are_sealed(livers):
    livers.prepare()
    dataset = PreparedDataset(livers.out)
    mask = livers.out / OUTSIDE / "case_1.b2nd"
    assert {SOURCES, "outside/case_1.b2nd", "images/case_3.b2nd"} < set(dataset.sums)
    mask.write_bytes(b"damaged")
    with pytest.raises(RefusedError, match=r"case_1.b2nd: isn't .*; remove .*annotate next"):
        dataset.read(mask)


def test_nnunet_chooses_the_spacing_of_thick_sagittal_slices(tmp_path, livers):
    livers.spacings = ((1.0, 0.9, 4.0), (1.2, 0.9, 5.0))
    shutil.rmtree(livers.images)
    livers.make()
    info = livers.prepare(spacing=None, workers=2)
    source = sources(livers)["case_1"]
    assert source.transpose == (2, 0, 1)
    assert info.spacing[0] == max(info.spacing) > 3
    assert info.pool[0].toward[0] == "L"
    assert source.stored == info.pool[1].shape


def test_channels_are_normalised_on_their_own(livers):
    for case in range(4):
        first = livers.images / f"case_{case}.nii.gz"
        image = SimpleITK.ReadImage(str(first))
        SimpleITK.WriteImage(image * 7 + 5, str(livers.images / f"case_{case}_0001.nii.gz"))
        first.rename(livers.images / f"case_{case}_0000.nii.gz")
    info = livers.prepare(channels={"T1": "zscore", "T2": "zscore"})
    image, source = PreparedDataset(livers.out).image("case_0"), sources(livers)["case_0"]
    assert info.channels == ("T1", "T2")
    np.testing.assert_allclose(image.std(axis=(1, 2, 3)), 1, atol=1e-5)
    assert source.scale[1] == pytest.approx(7 * source.scale[0], rel=1e-2)
    assert len(source.image.files) == len(source.offset) == 2


def test_too_little_room_is_told_at_once(livers, monkeypatch):
    monkeypatch.setattr("nnactive.data.prepare.estimate.free", lambda _: 1000)
    with pytest.raises(UserError, match=r"needs up to .* with only 1000 bytes free"):
        livers.prepare()
    assert not livers.out.exists()


def test_what_is_wrong_with_the_spacing_is_told_in_terms_of_a_project(livers):
    livers.spacings = ((20.0, 20.0, 20.0),)
    shutil.rmtree(livers.images)
    livers.make()
    with pytest.raises(UserError, match=r"case_0.nii.gz.*'spacing' in project.json"):
        livers.prepare()


def test_a_file_that_can_not_be_read_is_named(livers):
    (livers.images / "case_3.nii.gz").write_bytes(b"no image, but long enough to be one" * 20)
    with pytest.raises(UserError, match=r"case_3.nii.gz: [^\n]*;[^\n]*$"):
        livers.prepare()
