"""From an image and a submission's requirements to the image that has both."""

import hashlib
import shlex
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, Protocol

import click

from benchmark.child_errors import told_cause
from nnactive.errors import NnactiveError, UserError

COMMAND: Final = ("/opt/benchmark/venv/bin/python", "-IB", "-m", "benchmark.cli", "step", "layer")
"""Installs, inside an image, the requirements that follow it."""
RECORD: Final = "/opt/benchmark/layer.json"


class Layered(NamedTuple):
    """The image to run."""

    reference: str
    """As the runtime names an image."""
    base_digest: str | None
    """Of the benchmark image below the layer; None: there is no layer."""
    requirements: tuple[str, ...]
    """What the layer added, each ``name==version``, sorted."""


class Built(NamedTuple):
    """A layer that the runtime has."""

    reference: str
    requirements: tuple[str, ...]


class Runtime(Protocol):
    """What a container runtime does for a layer."""

    def digest(self, image: str) -> str:
        """Of an image that is there; a ``UserError`` if it isn't."""

    def find(self, image: str, name: str) -> Built | None:
        """The layer of that name if it was built before."""

    def build(self, image: str, name: str, requirements: Sequence[str]) -> Built:
        """Run `command` on the image, and keep what comes out under the name.

        Raises:
            UserError: what the command refuses.
        """


def layered(runtime: Runtime, image: str, requirements: Sequence[str]) -> Layered:
    """The image with a submission's requirements: built once for a request, then found again.

    Args:
        runtime: Docker's or Apptainer's.
        image: the benchmark image, as the runtime names it.
        requirements: each ``name==version``; without any, the image itself is the answer.

    Raises:
        UserError: if there is no such image, or a requirement is refused or can't be had.
        NnactiveError: if the build fails otherwise.
    """
    if not requirements:
        return Layered(image, None, ())
    base = runtime.digest(image)
    name = layer_name(base, requirements)
    built = runtime.find(image, name) or runtime.build(image, name, requirements)
    if not built.requirements:  # the image had all of it
        return Layered(image, None, ())
    return Layered(built.reference, base, built.requirements)


def layer_name(base: str, requirements: Sequence[str]) -> str:
    """16 hexadecimal digits that say what a layer is of; what pip adds to it isn't known yet."""
    content = "\n".join([base, *sorted(requirements)])
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def command(requirements: Sequence[str]) -> list[str]:
    """The command that a build runs inside the image, as root."""
    return [*COMMAND, *requirements]


def shell_command(requirements: Sequence[str]) -> str:
    """The same for a shell."""
    return shlex.join(command(requirements))


def failure(image: str, output: Iterable[str]) -> NnactiveError:
    """What to raise for a build that failed, from the lines that it wrote."""
    plain = (click.unstyle(line).strip() for line in output)
    lines = [line for line in plain if line]
    told = told_cause(lines)
    if told is not None:
        return UserError(told)
    # Behind a reason of Apptainer's starter stands one more line, which says nothing.
    reasons = [line for line in lines if line.startswith(("FATAL", "ERROR"))]
    last = (reasons or lines or ["it wrote nothing"])[-1]
    return NnactiveError(f"{image}: the layer on it can't be built: {last}")
