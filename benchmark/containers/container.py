"""A container, as every runtime is asked for it."""

import os
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple, Protocol

from benchmark.image.record import SCRATCH
from nnactive.settings import Frozen

PROCESSES: Final = 16384
"""Processes and threads: plenty for many cores and GPUs, few enough to stop a runaway."""


class Mount(Frozen):
    """A folder or file of the host."""

    source: Path
    """Absolute."""
    target: PurePosixPath
    """Its place inside."""
    writable: bool = False


class Limits(Frozen):
    """What a container may use."""

    memory: int | None = None
    """Bytes; None: all."""
    shared_memory: int | None = None
    """Bytes; None: the usual."""
    cores: int | None = None
    """None: all."""
    processes: int = PROCESSES


class Image(Frozen):
    """An image that is on this machine."""

    reference: str
    """As the user names it."""
    digest: str
    """``sha256:`` and 64 digits; what results name it by."""
    labels: dict[str, str]


class Container(Frozen):
    """What is to run: as the caller's user, its root read-only, nothing of the host but this."""

    image: Image
    arguments: tuple[str, ...]
    """Of ``nnactive-bench``, which is what an image runs."""
    mounts: tuple[Mount, ...]
    environment: dict[str, str]
    limits: Limits = Limits()
    gpus: tuple[str, ...] = ()
    """Ids as ``CUDA_VISIBLE_DEVICES`` has them; none: without a GPU."""
    network: bool = False
    folder: PurePosixPath = PurePosixPath(SCRATCH)
    """The current one inside."""


class Streams(NamedTuple):
    """Where a container's output goes as it comes; each is called from a thread of its own."""

    out: Callable[[bytes], None]
    err: Callable[[bytes], None]
    hush: Callable[[], None]
    """Called where the container is ended early: what it says of that, the caller says."""


class Runtime(Protocol):
    """What runs containers."""

    def image(self, reference: str) -> Image:
        """The image of that name; a ``UserError`` where there is none."""

    def notes(self, container: Container) -> list[str]:
        """What it can't do as asked, a line each."""

    def run(self, container: Container, streams: Streams) -> int:
        """Run a container to its end, and return its exit code.

        Raises:
            UserError: it can't be started, or was killed for its memory.
        """


def open_files() -> int:
    """Files that the caller may have open at most, which a container may, too."""
    import resource

    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def caller() -> str:
    """The caller's user and group, as ``UID:GID``."""
    return f"{os.getuid()}:{os.getgid()}"
