"""Label one patch in napari; closing the window saves it in its place, with its geometry.

pip install "napari[all]" SimpleITK
python napari_patch.py liver/round_00 p01
"""

import sys
from pathlib import Path

import napari
import SimpleITK


def label(folder: Path, patch: str) -> None:
    """Open a patch's image and labels, and save the labels if they were changed."""
    file = folder / f"{patch}_label.nii.gz"
    image = SimpleITK.ReadImage(str(folder / f"{patch}_image.nii.gz"))
    template = SimpleITK.ReadImage(str(file))
    before, scale = SimpleITK.GetArrayFromImage(template), template.GetSpacing()[::-1]
    viewer = napari.Viewer(title=f"{folder.name}/{patch}")
    viewer.add_image(SimpleITK.GetArrayViewFromImage(image), scale=scale, name="image")
    layer = viewer.add_labels(before.copy(), scale=scale, name=patch, opacity=0.4)
    napari.run()
    if (layer.data != before).any():
        drawn = SimpleITK.GetImageFromArray(layer.data.astype("uint8"))
        drawn.CopyInformation(template)
        SimpleITK.WriteImage(drawn, str(file))


if __name__ == "__main__":
    label(Path(sys.argv[1]), sys.argv[2])
