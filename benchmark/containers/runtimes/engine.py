"""An engine with Docker's API: which one it is, and how to ask it for a container."""

import os
import re
import resource
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from docker.types import DeviceRequest, LogConfig, Ulimit
from docker.types import Mount as Bind

from benchmark.containers.container import Container, Limits, Mount
from nnactive.errors import UserError

if TYPE_CHECKING:
    from docker.api.client import APIClient

SHARED_MEMORY: Final = 8 << 30
"""Bytes; Docker's own 64 MiB are too few for nnU-Net's workers."""
UNFIT: Final = re.compile(r'[,"\r\n]')
"""What Podman, at its socket, reads as more than a path: a comma may begin another folder."""
SELINUX: Final = Path("/sys/fs/selinux/enforce")


@dataclass(frozen=True)
class Engine:
    """What matters about the engine that answers."""

    podman: bool
    rootless: bool
    """Whether its root is the user who started it."""
    remapped: bool
    """Whether it maps user ids to others."""
    can: Mapping[str, bool]
    """Which limits it can set."""
    cores: int


def engine_of(client: "APIClient") -> Engine:
    """The engine that a client is connected to."""
    parts = client.version().get("Components") or []
    info = client.info()
    options = [str(option) for option in info.get("SecurityOptions") or []]
    return Engine(
        podman=any("podman" in str(part.get("Name", "")).lower() for part in parts),
        rootless=any(option.startswith("name=rootless") for option in options),
        remapped=any(option.startswith("name=userns") for option in options),
        can={key: bool(info.get(key, True)) for key in ("MemoryLimit", "CpuCfsQuota", "PidsLimit")},
        cores=int(info.get("NCPU") or os.cpu_count() or 1),
    )


def host_config(client: "APIClient", engine: Engine, container: Container) -> dict[str, Any]:
    """The container's ``HostConfig``, as the engine takes it."""
    limits = container.limits
    groups = [] if engine.rootless else [str(group) for group in os.getgroups()]
    cores = limits.cores and engine.can["CpuCfsQuota"]
    security = ["no-new-privileges", *(["label=disable"] if SELINUX.exists() else [])]
    config = client.create_host_config(
        mounts=[_bind(mount, engine) for mount in container.mounts],
        read_only=True,
        tmpfs={"/tmp": "mode=1777"},  # noqa: S108  (the container's own)
        network_mode=None if container.network else "none",
        cap_drop=["ALL"],
        security_opt=security,
        group_add=groups,
        pids_limit=limits.processes if engine.can["PidsLimit"] else None,
        mem_limit=limits.memory if engine.can["MemoryLimit"] else None,
        nano_cpus=min(limits.cores or 0, engine.cores) * 10**9 if cores else None,
        shm_size=limits.shared_memory or SHARED_MEMORY,
        ulimits=_system_limits(limits, engine),
        # Output of other drivers can't be read back.
        log_config=LogConfig(type=LogConfig.types.JSON),
        device_requests=_gpus(container, engine),
        userns_mode="host" if engine.remapped else None,
    )
    if engine.podman and engine.rootless:
        # The client refuses this mode.
        config["UsernsMode"] = "keep-id"
    return dict(config)


def caller() -> str:
    """The caller's user and group, as ``UID:GID``."""
    return f"{os.getuid()}:{os.getgid()}"


def _bind(mount: Mount, engine: Engine) -> Bind:
    for place in map(str, (mount.source, mount.target)):
        if engine.podman and UNFIT.search(place):
            raise UserError(
                f"{place!r}: Podman can't mount a path with commas, quotes or line breaks; rename "
                "it, or use Docker or --runtime apptainer"
            )
    return Bind(str(mount.target), str(mount.source), type="bind", read_only=not mount.writable)


def _system_limits(limits: Limits, engine: Engine) -> list[Ulimit]:
    """The caller's limits; by default, Podman asks for more than a limited root may have."""
    tops = {"nofile": _open_files(), **({"nproc": limits.processes} if engine.podman else {})}
    return [Ulimit(name=name, soft=top, hard=top) for name, top in tops.items()]


def _open_files() -> int:
    """How many files the caller may have open; a container may have as many."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def _gpus(container: Container, engine: Engine) -> list[DeviceRequest] | None:
    if not container.gpus:
        return None
    if engine.podman:
        names = [f"nvidia.com/gpu={gpu}" for gpu in container.gpus]
        return [DeviceRequest(driver="cdi", device_ids=names)]
    return [DeviceRequest(device_ids=list(container.gpus), capabilities=[["gpu"]])]
