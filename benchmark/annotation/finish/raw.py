"""All that is labelled as a raw dataset of nnU-Net's: partial labels, "ignore" elsewhere."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.annotation.finish.grids import ENDING, write_image, write_labels
from benchmark.annotation.project.model import Project
from benchmark.annotation.project.places import Places
from nnactive.data.progress import Progress, tracked
from nnactive.data.unlabelled.mapping import core_of
from nnactive.data.unlabelled.read import read_channels
from nnactive.data.unlabelled.source import Source, Sources
from nnactive.io.files import write_json
from nnactive.nnunet.planning import describe
from nnactive.oracle.drawn import GIVEN, Drawn, as_patch, current
from nnactive.oracle.keep import read_voxels

Import = tuple[Path, Drawn]
"""An import that counts, with its folder."""


def imports_by_case(labels: Path) -> dict[str, list[Import]]:
    """The imports that count of each case: what was given first, then by the time of import."""
    found: dict[str, list[Import]] = defaultdict(list)
    for folder, drawn in current(labels):
        found[drawn.patch.case].append((folder, drawn))
    for imports in found.values():
        imports.sort(key=lambda each: (each[0].parent.name != GIVEN, each[1].imported))
    return {case: found[case] for case in sorted(found)}


def merged(imports: Sequence[Import], source: Source, ignore: int) -> np.ndarray:
    """The labels of one image: uint8 ``(Z, Y, X)``, ``ignore`` where nothing is labelled.

    Boxes reach into neighbouring patches by a voxel, where these patches' own labels count, as in
    training.

    Args:
        imports: of the case, as `imports_by_case` orders them.
        source: of the case.
        ignore: the value.

    Raises:
        UserError: what was imported is damaged.
    """
    whole = np.full(source.grid.shape, ignore, np.uint8)
    boxes = [(drawn, read_voxels(folder, drawn)) for folder, drawn in imports]
    for drawn, voxels in boxes:
        whole[drawn.box.slices] = voxels
    for drawn, voxels in boxes:
        core, start = core_of(source, as_patch(drawn.patch)), drawn.box.start
        ends = zip(core.start, core.stop, start, strict=True)
        whole[core.slices] = voxels[tuple(slice(a - n, b - n) for a, b, n in ends)]
    return whole


def write_raw(
    places: Places, project: Project, sources: Sources, folder: Path, progress: Progress
) -> tuple[str, ...]:
    """Write the raw dataset; what is there stays, so that an interrupted call resumes.

    Args:
        places: of the project.
        project: of which.
        sources: the grid of each image.
        folder: ``Dataset5xx_Name``.
        progress: called after each case.

    Returns:
        Ids of the labelled cases: no other is in the dataset.

    Raises:
        UserError: an image can't be read any more.
    """
    imports = imports_by_case(places.labels)
    for case in tracked(progress, "raw dataset", imports, len(imports)):
        label = folder / "labelsTr" / f"{case}{ENDING}"
        if label.is_file():
            continue
        source = sources.cases[case]
        channels = read_channels(places.root / project.folder, source.image)
        for number, channel in enumerate(channels):
            write_image(folder / "imagesTr" / f"{case}_{number:04d}{ENDING}", channel)
        # Last, because its presence marks the case as done.
        write_labels(label, merged(imports[case], source, project.ignore), source.grid)
    write_json(folder / "dataset.json", _description(project, len(imports)))
    return tuple(imports)


def _description(project: Project, cases: int) -> dict[str, Any]:
    found = describe(project.all_classes, list(project.channels.values()), cases)
    return found | {"name": project.name}
