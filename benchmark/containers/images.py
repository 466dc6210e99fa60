"""The image that a command runs in: one of this checkout, with a layer if a submission needs it."""

import hashlib
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import click

from benchmark.child_errors import reported_cause
from benchmark.containers.container import Image, Runtime
from benchmark.provenance import code_commit
from nnactive import PROTOCOL_VERSION
from nnactive.errors import NnactiveError, UserError
from nnactive.io.content import checkout
from nnactive.io.files import sha256

PROTOCOL: Final = "org.nnactive.protocol"
LOCK: Final = "org.nnactive.lock"
VARIANT: Final = "org.nnactive.variant"
REVISION: Final = "org.opencontainers.image.revision"
"""Labels that an image has from its build."""
LOCKS: Final = {"cuda13": "requirements.lock", "cuda12": "requirements-cuda12.lock"}
"""A checkout's lock file by variant."""
INSTALL: Final = ("/opt/benchmark/venv/bin/python", "-IB", "-m", "benchmark.cli", "step", "layer")
"""Installs, inside an image, the requirements that follow it."""


def image_to_run(
    runtime: Runtime,
    reference: str,
    target: str,
    requirements: Sequence[str],
    say: Callable[[str], None],
) -> Image:
    """The benchmark image, with a layer if a submission needs one.

    Args:
        runtime: has the image.
        reference: the benchmark image, as the runtime names it.
        target: the ``make`` target that builds such an image.
        requirements: what a submission needs beyond it, each ``name==version``.
        say: prints a line for the user.

    Raises:
        UserError: there is no such image, it isn't of this checkout, or a requirement is refused.
        NnactiveError: the layer can't be built for another reason.
    """
    image = runtime.image(reference)
    check_agreement(image, target, checkout())
    if other := other_commit(image, code_commit()):
        say(f"note: {other}")
    if not requirements:
        return image
    say(f"{reference}: a layer with {', '.join(requirements)}")
    return layered(runtime, image, requirements)


def check_agreement(image: Image, target: str, root: Path | None) -> None:
    """Refuse an image of another protocol version or with other packages than this checkout.

    Args:
        image: what is to run.
        target: the ``make`` target that builds such an image.
        root: this checkout, whose lock file is compared; None: there is none.

    Raises:
        UserError: names the image, its value, the expected one and the way out.
    """
    name, labels = image.reference, image.labels
    missing = [label for label in (PROTOCOL, LOCK, VARIANT) if label not in labels]
    if missing:
        raise UserError(
            f"{name}: isn't a benchmark image, as it lacks the label {missing[0]}; "
            f"build one: make {target}"
        )
    variant = labels[VARIANT]
    way_out = f"build it again: make {target} VARIANT={variant}"
    if labels.get(REVISION, "unknown") != "unknown":
        way_out += f", or use the checkout of commit {labels[REVISION]}"
    if labels[PROTOCOL] != PROTOCOL_VERSION:
        raise UserError(
            f"{name}: its protocol version is {labels[PROTOCOL]}, this checkout's is "
            f"{PROTOCOL_VERSION}; {way_out}"
        )
    if variant not in LOCKS:
        raise UserError(
            f"{name}: its variant is '{variant}', this checkout knows {' and '.join(LOCKS)}; "
            f"build one of these: make {target}"
        )
    if root is None or not (root / LOCKS[variant]).is_file():
        return
    lock = root / LOCKS[variant]
    wanted = sha256(lock)
    if labels[LOCK] != wanted:
        raise UserError(
            f"{name}: disagrees with {lock.name}: it was built from one with SHA-256 "
            f"{labels[LOCK][:12]}, this checkout's has {wanted[:12]}; {way_out}"
        )


def other_commit(image: Image, commit: str) -> str | None:
    """A note that an image contains other code than a checkout of ``commit``; None: the same.

    The image's code is what runs, and results record its commit.
    """
    held = image.labels.get(REVISION, "unknown")
    if "unknown" in {held, commit} or (held == commit and not held.endswith("+dirty")):
        return None
    return (
        f"{image.reference}: contains the code of commit {_short(held)}, this checkout is "
        f"{_short(commit)}; the image's code runs"
    )


def layered(runtime: Runtime, image: Image, requirements: Sequence[str]) -> Image:
    """An image with a layer: built on the first request, found again on the next.

    Args:
        runtime: has the image.
        image: a benchmark image.
        requirements: each ``name==version``.

    Returns:
        The image with the layer, or ``image`` itself if it has all requirements.

    Raises:
        UserError: a requirement is refused or not available.
        NnactiveError: the build fails otherwise.
    """
    if not requirements:
        return image
    name = layer_name(image.digest, requirements)
    layer = runtime.find_layer(image, name) or runtime.build_layer(image, name, requirements)
    if not layer.requirements:
        return image
    return replace(runtime.image(layer.reference), base=image.digest)


def layer_name(base: str, requirements: Sequence[str]) -> str:
    """16 hexadecimal digits that identify a request; what pip adds for it isn't known yet."""
    content = "\n".join([base, *sorted(requirements)])
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def layer_command(requirements: Sequence[str]) -> list[str]:
    """The command that a build runs in the image, as root."""
    return [*INSTALL, *requirements]


def layer_shell_command(requirements: Sequence[str]) -> str:
    """The same for a shell."""
    return shlex.join(layer_command(requirements))


def layer_failure(image: Image, output: Iterable[str]) -> NnactiveError:
    """The error to raise for a failed build, from the lines that it wrote."""
    plain = (click.unstyle(line).strip() for line in output)
    lines = [line for line in plain if line]
    cause = reported_cause(lines)
    if cause is not None:
        return UserError(cause)
    # Apptainer's starter writes its reason, and then another line that says nothing.
    reasons = [line for line in lines if line.startswith(("FATAL", "ERROR"))]
    last = (reasons or lines or ["no output"])[-1]
    return NnactiveError(f"{image.reference}: can't build the layer on it: {last}")


def _short(commit: str) -> str:
    number, plus, dirty = commit.partition("+")
    return f"{number[:12]}{plus}{dirty}"
