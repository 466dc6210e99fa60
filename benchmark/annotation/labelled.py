"""What of a project is labelled by now: open patches, voxels of each class."""

from collections.abc import Sequence

from benchmark.annotation.project.model import Project
from benchmark.annotation.project.places import Places, round_name
from benchmark.annotation.rounds.model import Round
from nnactive.oracle.drawn import current, folder_of, history


def open_patches(places: Places, of: Round) -> tuple[str, ...]:
    """Ids of a round's patches that haven't been imported yet, in the round's order."""
    name = round_name(of.number)
    return tuple(
        patch.id for patch in of.patches if not history(folder_of(places.labels, name, patch.id))
    )


def class_voxels(places: Places, project: Project) -> tuple[int, ...]:
    """Labelled voxels of each class in the files' grids, background included."""
    total = [0] * len(project.all_classes)
    for _, drawn in current(places.labels):
        for label, voxels in enumerate(drawn.voxels[: len(total)]):
            total[label] += voxels
    return tuple(total)


def missing_classes(places: Places, project: Project) -> tuple[str, ...]:
    """Foreground classes of which no voxel is labelled yet."""
    counts = class_voxels(places, project)
    return tuple(name for name, n in zip(project.classes, counts[1:], strict=True) if not n)


def listed(names: Sequence[str], most: int = 8) -> str:
    """Names for a line: the first ones, and how many more there are.

    >>> listed(["p01", "p02", "p03"], 2)
    'p01, p02 and 1 more'
    """
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
