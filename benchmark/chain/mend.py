"""Set aside what is damaged or hangs on a changed link, so that it is made again."""

from collections.abc import Sequence
from pathlib import Path

from benchmark.jobs import Job


def mend(root: Path, jobs: Sequence[Job]) -> list[str]:
    """Nothing yet.

    Args:
        root: the track's folder.
        jobs: of the plan.

    Returns:
        Notes for the user.
    """
    del root, jobs
    return []
