"""The image that a command runs in: the benchmark's own, or a layer above it."""

import os
import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from benchmark.containers.roles import Role, RuntimeName

if TYPE_CHECKING:
    from benchmark.containers.container import Image, Runtime
    from benchmark.containers.layers import Runtime as Layers

IMAGES = {"docker": "nnactive-benchmark:latest", "apptainer": "benchmark.sif"}
"""Images unless the user names another."""
TARGETS = {"docker": "image", "apptainer": "sif"}
"""The ``make`` targets that build them."""
SECONDS_OF_A_BUILD = 3600
BUILD_FLAGS = "NNACTIVE_BUILD_FLAGS"
"""Environment variable with further flags of ``apptainer build``, for layers."""


def found(
    name: RuntimeName, reference: str | None, needed: Sequence[str] = ()
) -> "tuple[Runtime, Image, str | None]":
    """The runtime, the image to run and, where that is a layer, the digest of the one below.

    Args:
        name: which runtime.
        reference: the benchmark image, as the runtime names it.
        needed: what a submission needs beyond it, each ``name==version``.

    Raises:
        UserError: no such runtime or image, one that isn't of this checkout, or requirements that
            are refused.
    """
    from benchmark.containers.labels import check_agreement, other_commit
    from benchmark.containers.layers import layered
    from benchmark.provenance import code_commit

    image_name = reference or IMAGES[name]
    runtime = connected(name)
    image = runtime.image(image_name)
    check_agreement(image, TARGETS[name])
    if other := other_commit(image, code_commit()):
        note(f"note: {other}")
    if not needed:
        return runtime, image, None
    note(f"{image_name}: a layer with {', '.join(needed)}")
    layer = layered(layers(name), image_name, needed)
    above = layer.reference != image_name
    return runtime, runtime.image(layer.reference), image.digest if above else None


def layers(name: RuntimeName) -> "Layers":
    """What builds layers with the runtime of that name."""
    if name == "docker":
        import docker

        from benchmark.containers.docker_layers import DockerLayers

        return DockerLayers(docker.from_env(timeout=SECONDS_OF_A_BUILD))
    from functools import partial

    from benchmark.containers.apptainer import find_program
    from benchmark.containers.apptainer_layers import ApptainerLayers, run_apptainer
    from benchmark.containers.digest import sif_digest

    run = partial(run_apptainer, program=find_program())
    flags = shlex.split(os.environ.get(BUILD_FLAGS, ""))
    return ApptainerLayers(run, flags, partial(sif_digest, say=note))


def requirements(params: Mapping[str, Any], roles: Mapping[str, Role]) -> tuple[str, ...]:
    """What the METHODs of a command need, the track's own too, each ``name==version``."""
    from benchmark.submission.method_string import Method
    from benchmark.submission.requirements import together
    from benchmark.tracks import load_track

    methods: list[str] = []
    for name, role in roles.items():
        value = params.get(name)
        if role is Role.METHOD and value:
            methods += [value] if isinstance(value, str) else value
        elif role is Role.TRACK and not params.get("methods"):
            methods += load_track(str(value)).methods
    parsed = map(Method.parse, methods)
    return together([method.file for method in parsed if method.file])


def connected(name: RuntimeName) -> "Runtime":
    """The runtime of that name.

    Raises:
        UserError: it isn't on this machine.
    """
    if name == "docker":
        from benchmark.containers import docker

        return docker.connect()
    from benchmark.containers import apptainer

    return apptainer.connect(note)


def note(line: str) -> None:
    """Tell the user of what takes a while."""
    click.echo(line, err=True)
