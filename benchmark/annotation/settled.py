"""What round 0 settles for good: the project as it was, sizes in voxels, the frozen methods."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from benchmark.annotation.labelled import listed
from benchmark.annotation.project.model import Project
from benchmark.annotation.project.places import WORK, Places
from benchmark.layout import Experiment
from nnactive.data.prepared import PreparedDataset
from nnactive.data.unlabelled.source import SOURCES, Sources
from nnactive.errors import UserError
from nnactive.geometry import Triple, as_triple
from nnactive.io.files import read_model, write_model
from nnactive.io.models import StateFile
from nnactive.settings import Setting

FILE: Final = "settled.json"
FREE: Final = frozenset({"folder", "rounds", "context_mm", "view", "draft", "limits"})
"""Fields of a project that may change at any time."""
LARGEST_STRIDE: Final = 8
"""Voxels between scored positions, as on the study's large images ..."""
STRIDES: Final = 4
"""... or as many of them along a patch."""


class Settled(StateFile):
    """Content of ``work/settled.json``."""

    SCHEMA: ClassVar[int] = 1

    project: Project
    """As it was when the first patches were chosen."""
    method: str
    """Method id of the project's only experiment: start and query method."""
    patch_size: Triple
    """Query patch in voxels of the prepared images, in their axes."""
    stride: Triple
    """Distance between scored positions, likewise."""

    @property
    def experiment(self) -> Experiment:
        """The project's only experiment."""
        return Experiment(self.project.name, self.method, self.project.seed)

    def setting(self, project: Project) -> Setting:
        """The setting of a project as it is now."""
        return project.setting(self.patch_size, self.stride)


def settled(places: Places, project: Project) -> Settled | None:
    """What was settled; None before the first patches are chosen.

    Raises:
        UserError: names the field of the project that contradicts it.
    """
    file = places.root / WORK / FILE
    if not file.is_file():
        return None
    found = read_model(file, Settled)
    for field, before, now in _differences(found.project, project):
        raise UserError(
            f"{places.project}: field '{field}' was {before} when round 0 was chosen and is {now} "
            "now; set it back, or begin another project"
        )
    return found


def settle(places: Places, project: Project, method: str) -> Settled:
    """Settle what round 0 is chosen with, from the prepared images.

    Args:
        places: of the project.
        project: of which.
        method: id of start and query method together.
    """
    dataset = PreparedDataset(places.prepared(project))
    sources = read_model(places.prepared(project) / SOURCES, Sources)
    # nnU-Net transposes all images alike.
    transpose = next(iter(sources.cases.values())).transpose
    size = in_voxels(project.patch_mm, dataset.info.spacing, transpose)
    stride = as_triple(max(1, min(LARGEST_STRIDE, n // STRIDES)) for n in size)
    made = Settled(project=project, method=method, patch_size=size, stride=stride)
    write_model(places.root / WORK / FILE, made)
    return made


def in_voxels(
    patch_mm: tuple[float, float, float], spacing: tuple[float, float, float], transpose: Triple
) -> Triple:
    """A size in voxels of the prepared images, rounded, at least one.

    Args:
        patch_mm: in the files' axes.
        spacing: mm of the prepared images, in their axes.
        transpose: prepared axis i is the file's axis ``transpose[i]``.
    """
    sizes = (patch_mm[axis] / mm for axis, mm in zip(transpose, spacing, strict=True))
    return as_triple(max(1, int(n + 0.5)) for n in sizes)


def _differences(old: Project, new: Project) -> list[tuple[str, Any, Any]]:
    before, now = (_told(each.model_dump(mode="json")) for each in (old, new))
    return [(key, before.get(key), now[key]) for key in now if before.get(key) != now[key]]


def _told(content: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that count, short enough for a line; those of a group by their own names."""
    flat: dict[str, Any] = {}
    for key, value in content.items():
        if key in FREE:
            continue
        if key in {"training", "inference"}:
            flat |= {f"{key}.{name}": each for name, each in value.items()}
        elif key in {"images", "given"}:
            ids = [each["id"] for each in value] if key == "images" else sorted(value)
            flat[key] = f"{len(ids)} ({listed(ids, 3)})" if ids else "none"
            flat[f"{key}, the whole list"] = ids
        else:
            flat[key] = value
    return flat
