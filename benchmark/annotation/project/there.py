"""Whether a project's images are where its file says: asked before hours are spent on training."""

from pathlib import Path

from benchmark.annotation.project.model import Project
from benchmark.annotation.project.places import Places
from nnactive.errors import UserError


def images_folder(places: Places, project: Project) -> Path:
    """The images' folder, which has all of them.

    Raises:
        UserError: the folder or an image isn't there.
    """
    folder = places.root / project.folder
    if not folder.is_dir():
        raise UserError(
            f"{folder}: the images aren't there; name their folder with --images FOLDER"
        )
    for image in project.images:
        for file in image.files:
            if not (folder / file).exists():
                raise UserError(
                    f"{folder / file}: no such image; put it back, or name the folder in which "
                    "all images are with --images FOLDER"
                )
    return folder
