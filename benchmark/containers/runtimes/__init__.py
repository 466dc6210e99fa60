"""The runtimes that can run a command in a container.

To add a runtime, write a module here whose ``connect`` returns a `container.Runtime`, and register
it below under the module's name.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from benchmark.containers.container import Runtime


@dataclass(frozen=True)
class Registered:
    """What the command line needs to know of a runtime before it is used."""

    image: str
    """Default image."""
    make_target: str
    """The ``make`` target that builds it."""


RUNTIMES: Final = {
    "docker": Registered(image="nnactive-benchmark:latest", make_target="image"),
    "apptainer": Registered(image="benchmark.sif", make_target="sif"),
}
"""By the name of the module."""
LOCAL: Final = "local"
"""Stands for no runtime: the command runs here."""


def connect(name: str, say: Callable[[str], None]) -> "Runtime":
    """The runtime of that name on this machine.

    Args:
        name: one of ``RUNTIMES``.
        say: prints a line for the user, before what takes a while.

    Raises:
        UserError: it isn't on this machine.
    """
    found: Callable[[Callable[[str], None]], Runtime]
    found = import_module(f"{__name__}.{name}").connect
    return found(say)
