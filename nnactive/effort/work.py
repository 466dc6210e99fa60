"""What labelling patches takes beside voxels: components, contours, slices, images."""

from collections.abc import Iterable

from nnactive.io.models import Frozen


class Work(Frozen):
    """What there is to draw and to look at inside patches, summed over them."""

    components: tuple[int, ...]
    """Connected components (26 neighbours) inside a patch, by foreground class."""
    contour: tuple[int, ...]
    """Voxels on a contour of their slice, by foreground class: with a neighbour of another
    label in the same slice (4 neighbours) of the patch."""
    slices: int
    """Slices of patches, across the dataset's slice axis, that hold any foreground."""
    empty_slices: int
    """Those that hold none: they are looked at, not drawn on."""


class Effort(Work):
    """Work done so far, summed over the patches and loops of an experiment; or on a whole pool."""

    images: int
    """Images opened: the cases of each loop's patches, summed over loops."""


def total(parts: Iterable[Work], classes: int, images: int) -> Effort:
    """The work of several parts together.

    Args:
        parts: of separate patches or cases.
        classes: number of foreground classes.
        images: how often an image was opened for them.
    """
    found = list(parts)
    none = [(0,) * classes]
    return Effort(
        components=tuple(map(sum, zip(*none, *(each.components for each in found), strict=True))),
        contour=tuple(map(sum, zip(*none, *(each.contour for each in found), strict=True))),
        slices=sum(each.slices for each in found),
        empty_slices=sum(each.empty_slices for each in found),
        images=images,
    )
