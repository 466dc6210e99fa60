"""One `next` or `finish` of a project at a time; a person may import meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from benchmark.annotation.project.places import WORK, Places
from nnactive.errors import UserError
from nnactive.io.leases import lease, living

LEASE: Final = "engine.lease"


@contextmanager
def alone(places: Places) -> Iterator[None]:
    """Keep out other processes that would write the same round or result, on any machine.

    One that was killed keeps out nobody.

    Raises:
        UserError: another process is at work.
    """
    file = places.root / WORK / LEASE
    with lease(file) as held:
        if held is None:
            who = living(file)
            by = f" (process {who.pid} on {who.host})" if who else ""
            raise UserError(
                f"{places.root}: another next or finish is at work{by}; wait until it has ended, "
                "then run the command again"
            )
        yield
