"""STAND-INS for what labelling took, as the results of the fixture ``worked`` have it."""

from nnactive.effort import Effort

POOL_EFFORT = Effort(
    components=(60, 40), contour=(20_000, 2_000), slices=900, empty_slices=300, images=12
)


def effort(loop: int, more: int = 1) -> Effort:
    """Of loops up to ``loop``: each labels ten patches of four slices in a single case."""
    return Effort(
        components=(3 + more * loop, 1 + loop),
        contour=(90 * (loop + 1), 3 * (loop + 1)),
        slices=30 * (loop + 1),
        empty_slices=10 * (loop + 1),
        images=loop + 1,
    )
