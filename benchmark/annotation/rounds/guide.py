"""What a round's folder says in plain files: how to open, label and save; a script for ITK-SNAP."""

import shlex
from collections.abc import Iterator
from typing import Final

from benchmark.annotation.project.model import Project
from benchmark.annotation.project.places import round_name
from benchmark.annotation.rounds import itksnap, names
from benchmark.annotation.rounds.formats import suffix_for
from benchmark.annotation.rounds.model import Round, RoundPatch
from nnactive.data.unlabelled.source import Sources

TEXT: Final = """\
Round {number} of {name}: {count} to label. {page} shows them all.

Label every voxel inside each box and save under the same name. Nothing outside a box is imported.

Values
{values}
3D Slicer
  Drag a patch's .mrml file into the window. Draw in the module Segment Editor, then save the
  segmentation ({segmentation}) in its place.
ITK-SNAP
  sh {open} {first}
  Save the segmentation ({label}) in its place.
MITK and others
  Open {image} and {label}; save the label map under the same name, or as
  .nii, .nrrd or .mha.
napari
  Its own writers drop the place in space, which the import would refuse; docs/annotate.md has a
  script that opens and saves a patch.

Then run, at any time and as often as you like:
  nnactive-bench annotate import PROJECT
No class in a patch: add --empty {first}.{accept}
{index} and {table} list the boxes in voxels (from 0) and mm, and why each patch was chosen.
"""


NO_ITKSNAP: Final = (
    "itksnap: not found; get ITK-SNAP from www.itksnap.org, and add the folder with its program "
    "itksnap to PATH"
)


def readme(known: Round, project: Project, sources: Sources) -> str:
    """Content of ``README.txt``."""
    values = ["background", *project.classes, "outside, not to be labelled"]
    first = known.patches[0]
    drafted = any(each.draft == "prediction" for each in known.patches)
    images, label = files_of(known, first, project, sources)
    stem = names.stem_of(known.view, first.id, first.patch.case)
    return TEXT.format(
        number=known.number,
        name=project.name,
        count=f"{len(known.patches)} patches" if len(known.patches) != 1 else "one patch",
        page=f"{round_name(known.number)}.html",
        values="".join(f"  {value:3d}  {name}\n" for value, name in enumerate(values)),
        segmentation=names.segmentation_name(stem),
        open=names.OPEN,
        first=first.id,
        label=label,
        image=images[0],
        accept=f" Its draft is right as it is: add --accept {first.id}." if drafted else "",
        index=names.INDEX,
        table=names.TABLE,
    )


def open_script(known: Round, project: Project, sources: Sources) -> str:
    """Content of ``open.sh``, which opens a patch in ITK-SNAP."""
    return "".join(f"{line}\n" for line in _lines(known, project, sources))


def _lines(known: Round, project: Project, sources: Sources) -> Iterator[str]:
    first = known.patches[0].id
    yield "#!/bin/sh"
    yield f"# Open a patch in ITK-SNAP: sh {names.OPEN} {first}"
    yield 'cd "$(dirname "$0")" || exit 1'
    yield f"command -v itksnap >/dev/null || {{ echo '{NO_ITKSNAP}' >&2; exit 127; }}"
    yield 'case "$1" in'
    for each in known.patches:
        command = itksnap.command(*files_of(known, each, project, sources))
        yield f"{shlex.quote(each.id)}) exec {command} ;;"
    yield f'*) echo "usage: sh {names.OPEN} PATCH, such as {first}" >&2; exit 2 ;;'
    yield "esac"


def files_of(
    known: Round, each: RoundPatch, project: Project, sources: Sources
) -> tuple[list[str], str]:
    """Names of a patch's images, one a channel, and of its label map."""
    stem = names.stem_of(known.view, each.id, each.patch.case)
    suffix = suffix_for(sources.cases[each.patch.case].grid)
    images = [names.image_name(stem, n, suffix) for n in range(len(project.channels))]
    return images, names.label_name(stem, suffix)
