"""A container, an image and a layer, as they are the same for every runtime."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, Protocol

from benchmark.image.record import SCRATCH

PROCESSES: Final = 16384
"""Processes and threads: plenty for many cores and GPUs, few enough to stop a runaway."""
FOLDER: Final = PurePosixPath(SCRATCH)


@dataclass(frozen=True, kw_only=True)
class Mount:
    """A folder or file of the host."""

    source: Path
    """Absolute."""
    target: PurePosixPath
    """Its place inside."""
    writable: bool = False


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a container may use."""

    memory: int | None = None
    """Bytes; None: all."""
    shared_memory: int | None = None
    """Bytes; None: the runtime's default."""
    cores: int | None = None
    """None: all."""
    processes: int = PROCESSES


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image on this machine."""

    reference: str
    """As the user names it."""
    digest: str
    """``sha256:`` and 64 digits, by which results identify it."""
    labels: dict[str, str]
    base: str | None = None
    """If it has a layer, the digest of the benchmark image below."""


@dataclass(frozen=True)
class Layer:
    """A layer that the runtime has built."""

    reference: str
    """Of the image with the layer, as the runtime names images."""
    requirements: tuple[str, ...]
    """What it added, each ``name==version``, sorted; empty if the image had all of them."""


@dataclass(frozen=True, kw_only=True)
class Container:
    """What to run: as the caller's user, with a read-only root, and nothing else of the host."""

    image: Image
    arguments: tuple[str, ...]
    """Of ``nnactive-bench``, which is the image's command."""
    mounts: tuple[Mount, ...]
    environment: dict[str, str]
    limits: Limits = Limits()
    gpus: tuple[str, ...] = ()
    """As ``CUDA_VISIBLE_DEVICES`` takes them; empty: without a GPU."""
    network: bool = False
    folder: PurePosixPath = FOLDER
    """Working directory inside."""


@dataclass(frozen=True)
class Streams:
    """Takes a container's output as it comes; ``out`` and ``err`` are called from two threads."""

    out: Callable[[bytes], None]
    err: Callable[[bytes], None]
    mute: Callable[[], None]
    """Called before a container is stopped early: the caller reports that, not the container."""


class Runtime(Protocol):
    """Runs containers, and builds layers on images."""

    def image(self, reference: str) -> Image:
        """The image of that name.

        Raises:
            UserError: there is none.
        """

    def notes(self, container: Container) -> list[str]:
        """What the runtime can't do as asked, a line each."""

    def run(self, container: Container, streams: Streams) -> int:
        """Run a container to its end, and return its exit code.

        Raises:
            UserError: it can't be started, or ran out of memory.
        """

    def find_layer(self, base: Image, name: str) -> Layer | None:
        """The layer of that name on ``base``, if it was built before."""

    def build_layer(self, base: Image, name: str, requirements: Sequence[str]) -> Layer:
        """Run `images.layer_command` on ``base``, and store the result under the name.

        Raises:
            UserError: the command refuses a requirement.
            NnactiveError: the build fails otherwise.
        """
