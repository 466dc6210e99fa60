"""One `next` or `finish` of a project at a time, and one `import`, which may go on meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from benchmark.annotation.project.places import WORK, Places
from nnactive.errors import UserError
from nnactive.io.leases import lease, living

ENGINE: Final = "next or finish"
IMPORT: Final = "import"
LEASES: Final = {ENGINE: "engine.lease", IMPORT: "import.lease"}
"""The lease's file by what holds it."""


@contextmanager
def alone(places: Places, what: str) -> Iterator[None]:
    """Keep out other processes that would write the same, on any machine.

    One that was killed keeps out nobody.

    Args:
        places: of the project.
        what: a key of `LEASES`.

    Raises:
        UserError: another process is at work.
    """
    file = places.root / WORK / LEASES[what]
    with lease(file) as held:
        if held is None:
            who = living(file)
            by = f" (process {who.pid} on {who.host})" if who else ""
            raise UserError(
                f"{places.root}: another {what} is at work{by}; wait until it has ended, then run "
                "the command again"
            )
        yield
