import json
import shutil
import subprocess
from xml.etree import ElementTree as ET

import numpy as np
import SimpleITK

from benchmark.annotation.rounds.itksnap import command
from benchmark.annotation.rounds.slicer.segmentation import as_segmentation
from benchmark.pictures.colours import CLASSES, rgb


def test_segments_have_names_colours_and_values(work) -> None:
    work.write()
    image = work.read("p01_label.seg.nrrd")
    header = {key: image.GetMetaData(key) for key in image.GetMetaDataKeys()}
    names = [header[f"Segment{n}_Name"] for n in range(3)]
    assert names == ["liver", 'tumour "big"', "outside (not labelled)"]
    assert [header[f"Segment{n}_LabelValue"] for n in range(3)] == ["1", "2", "3"]
    assert {header[f"Segment{n}_Layer"] for n in range(3)} == {"0"}
    colour = [round(255 * float(part)) for part in header["Segment0_Color"].split()]
    assert tuple(colour) == rgb(CLASSES[0])
    x, y, z = image.GetSize()
    assert header["Segment2_Extent"] == f"0 {x - 1} 0 {y - 1} 0 {z - 1}"
    assert header["Segmentation_SourceRepresentation"] == "Binary labelmap"
    assert "Segment3_Name" not in header


def test_a_segment_without_voxels_has_no_extent() -> None:
    image = SimpleITK.GetImageFromArray(np.full((2, 3, 4), 2, np.uint8))
    as_segmentation(image, ["liver"])
    assert image.GetMetaData("Segment0_Extent") == "0 -1 0 -1 0 -1"
    assert image.GetMetaData("Segment1_Extent") == "0 3 0 2 0 1"


def test_the_box_for_slicer_holds_the_voxels_of_the_box(work) -> None:
    """Of all the crop's voxels, exactly those of the box lie in the region."""
    known = work.write()
    for each in known.patches:
        content = json.loads((work.places.round(0) / f"{each.id}_box.mrk.json").read_text())
        (roi,) = content["markups"]
        axes = np.reshape(roi["orientation"], (3, 3))
        assert roi["coordinateSystem"] == "LPS"
        np.testing.assert_allclose(axes.T @ axes, np.eye(3), atol=1e-9)
        assert np.linalg.det(axes) > 0
        image = work.read(f"{each.id}_image.nii.gz")
        label = SimpleITK.GetArrayFromImage(work.read(f"{each.id}_label.nii.gz"))
        for index in np.ndindex(label.shape):
            place = image.TransformIndexToPhysicalPoint(index[::-1])
            along = np.abs(axes.T @ np.subtract(place, roi["center"]))
            inside = bool((along <= np.array(roi["size"]) / 2).all())
            assert inside == (label[index] != work.project.ignore)


def test_a_scene_opens_what_lies_beside_it(work) -> None:
    work.write()
    root = ET.parse(work.places.round(0) / "p01.mrml").getroot()  # noqa: S314
    files = [node.get("fileName") for node in root if node.get("fileName")]
    assert files == ["p01_image.nii.gz", "p01_label.seg.nrrd", "p01_box.mrk.json"]
    ids = {node.get("id") for node in root}
    wanted = {
        reference.split(":")[1]
        for node in root
        for reference in (node.get("references") or "").split(";")
        if reference
    }
    assert wanted <= ids
    display = next(node for node in root if node.tag == "VolumeDisplay")
    assert display.get("colorNodeID") == "vtkMRMLColorTableNodeGrey"  # else nothing is drawn


def test_views_look_along_the_images_axes_as_slicer_does(work) -> None:
    """case_b points to right, anterior and superior: its views are Slicer's presets."""
    work.write()
    root = ET.parse(work.places.round(0) / "p03.mrml").getroot()  # noqa: S314
    views = {node.get("layoutName"): node for node in root if node.tag == "Slice"}
    matrices = {
        name: np.array(node.get("sliceToRAS").split(), float).reshape(4, 4)[:3, :3]
        for name, node in views.items()
    }
    np.testing.assert_array_equal(matrices["Red"], [[-1, 0, 0], [0, 1, 0], [0, 0, 1]])
    np.testing.assert_array_equal(matrices["Green"], [[-1, 0, 0], [0, 0, 1], [0, 1, 0]])
    np.testing.assert_array_equal(matrices["Yellow"], [[0, 0, -1], [-1, 0, 0], [0, 1, 0]])


def test_itksnap_gets_every_value(work) -> None:
    work.write()
    lines = (work.places.round(0) / "labels.txt").read_text().splitlines()
    rows = [line.split(maxsplit=7) for line in lines if not line.startswith("#")]
    assert [row[0] for row in rows] == ["0", "1", "2", "3"]
    assert [row[7] for row in rows] == [
        '"Clear Label"',
        '"liver"',
        "\"tumour 'big'\"",
        '"outside (not labelled)"',
    ]
    assert tuple(map(int, rows[1][1:4])) == rgb(CLASSES[0])


def test_further_channels_are_overlays() -> None:
    told = command(["a b.nii.gz", "c.nii.gz"], "l.nii.gz")
    assert told == "itksnap -g 'a b.nii.gz' -o c.nii.gz -s l.nii.gz -l labels.txt"


def test_the_script_opens_a_patch(work, tmp_path) -> None:
    work.write()
    fake = tmp_path / "bin" / "itksnap"
    fake.parent.mkdir()
    fake.write_text('#!/bin/sh\nls "$2" "$4" "$6"\n')
    fake.chmod(0o755)
    script = str(work.places.round(0) / "open.sh")
    environment = {"PATH": f"{fake.parent}:/usr/bin:/bin"}
    shell = shutil.which("sh")
    ran = subprocess.run(
        [shell, script, "p03"], env=environment, capture_output=True, text=True, check=True
    )
    assert sorted(ran.stdout.split()) == ["labels.txt", "p03_image.nii.gz", "p03_label.nii.gz"]
    wrong = subprocess.run(
        [shell, script, "p99"], env=environment, capture_output=True, check=False
    )
    assert wrong.returncode == 2
    fake.unlink()
    none = subprocess.run(
        [shell, script, "p03"], env=environment, capture_output=True, text=True, check=False
    )
    assert none.returncode == 127
    (line,) = none.stderr.splitlines()
    assert line.startswith("itksnap: not found; get ITK-SNAP from")
