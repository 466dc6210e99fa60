"""Containers by Docker, or by Podman at its socket, which speaks the same language."""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import docker
from docker.errors import APIError, DockerException, ImageNotFound
from docker.types import DeviceRequest, LogConfig, Ulimit
from docker.types import Mount as Bind
from requests.exceptions import RequestException

from benchmark.runtime.container import Container, Image, Limits, Mount, Streams, caller, open_files
from benchmark.runtime.orphans import LABEL, is_orphan, this_process
from nnactive.errors import NnactiveError, UserError

if TYPE_CHECKING:
    from docker.api.client import APIClient

SHARED_MEMORY: Final = 8 << 30
"""Bytes; Docker's own 64 MiB are too few for nnU-Net's workers."""
SECONDS_TO_END: Final = 10
"""How long a container that is stopped may take."""
SECONDS_FOR_THE_REST: Final = 10
"""How long the last of the output may take after the end."""
KILLED: Final = 137
ERRORS: Final = (DockerException, RequestException)
"""What an engine answers, and that it doesn't."""
SOCKET: Final = "unix:///var/run/docker.sock"
SELINUX: Final = Path("/sys/fs/selinux/enforce")


class Engine(NamedTuple):
    """What matters of the engine that answers."""

    podman: bool
    rootless: bool
    """Whether its root is the user who started it."""
    remapped: bool
    """Whether it has user ids of its own."""
    can: Mapping[str, bool]
    """Which limits it can set."""
    cores: int


class DockerRuntime:
    """Containers by the engine that ``DOCKER_HOST`` names, else the usual one."""

    def __init__(self, client: "APIClient") -> None:
        self._client = client
        self._engine = _engine(client)

    def image(self, reference: str) -> Image:
        """The image of that name; none is pulled.

        Raises:
            UserError: there is none.
        """
        try:
            found: dict[str, Any] = self._client.inspect_image(reference)  # type: ignore[no-untyped-call]
        except ImageNotFound:
            raise UserError(
                f"{reference}: no such image here; build it: make image, or load it: docker load"
            ) from None
        except ERRORS as error:
            raise UserError(f"{reference}: {_cause(error)}; give an image with --image") from None
        labels = (found.get("Config") or {}).get("Labels") or {}
        digest = f"sha256:{found['Id'].removeprefix('sha256:')}"
        return Image(reference=reference, digest=digest, labels=labels)

    def notes(self, container: Container) -> list[str]:
        """Limits that this engine can't set, and GPUs that it may leave out."""
        limits = container.limits
        asked = {
            "MemoryLimit": limits.memory and "memory",
            "CpuCfsQuota": limits.cores and "cores",
            "PidsLimit": "the number of processes",
        }
        missing = [words for key, words in asked.items() if words and not self._engine.can[key]]
        notes = []
        if missing:
            words = ", ".join(missing)
            notes.append(f"this engine can't limit {words}: the machine has no control groups")
        if container.gpus and self._engine.podman:
            notes.append(
                "some versions of Podman leave GPUs out at their socket, and say nothing; "
                "see the line GPUs of: nnactive-bench doctor --runtime docker"
            )
        return notes

    def run(self, container: Container, streams: Streams) -> int:
        """Run a container to its end, and return its exit code; it is removed in all cases.

        Raises:
            UserError: the engine refuses to start it, or it was killed for its memory.
            NnactiveError: the engine fails while it runs.
        """
        self._remove_orphans()
        with self._created(container) as name:
            self._start(name, container)
            try:
                return self._follow(name, container, streams)
            except ERRORS as error:
                raise NnactiveError(
                    f"{container.image.reference}: the engine fails: {_cause(error)}; "
                    "run the same command to go on"
                ) from None
            except BaseException:
                streams.hush()
                with suppress(*ERRORS):
                    self._client.stop(name, timeout=SECONDS_TO_END)
                raise

    def settings(self, container: Container) -> dict[str, Any]:
        """What the engine is asked for, as its ``HostConfig``."""
        limits, engine = container.limits, self._engine
        groups = [] if engine.rootless else [str(group) for group in os.getgroups()]
        cores = limits.cores and engine.can["CpuCfsQuota"]
        security = ["no-new-privileges", *(["label=disable"] if SELINUX.exists() else [])]
        config = self._client.create_host_config(
            mounts=[_bind(mount) for mount in container.mounts],
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
            # Others can't be read back.
            log_config=LogConfig(type=LogConfig.types.JSON),
            device_requests=_gpus(container, engine),
            userns_mode="host" if engine.remapped else None,
        )
        if engine.podman and engine.rootless:
            # The client doesn't know this one.
            config["UsernsMode"] = "keep-id"
        return dict(config)

    @contextmanager
    def _created(self, container: Container) -> Iterator[str]:
        hidden = {} if container.gpus else {"NVIDIA_VISIBLE_DEVICES": "void"}
        try:
            created = self._client.create_container(
                container.image.digest,
                command=list(container.arguments),
                user="0:0" if self._engine.rootless and not self._engine.podman else caller(),
                environment={**hidden, **container.environment},
                working_dir=str(container.folder),
                host_config=self.settings(container),
                labels={LABEL: this_process()},
                # Python takes it for Ctrl-C; as process 1 it ignores SIGTERM.
                stop_signal="SIGINT",
            )
        except ERRORS as error:
            raise self._refusal(container, error) from None
        try:
            yield created["Id"]
        finally:
            with suppress(*ERRORS):
                self._client.remove_container(created["Id"], force=True, v=True)

    def _start(self, name: str, container: Container) -> None:
        try:
            self._client.start(name)
        except ERRORS as error:
            raise self._refusal(container, error) from None

    def _refusal(self, container: Container, error: Exception) -> UserError:
        cause = _cause(error)
        way_out = "mend that and run the same command again"
        if container.gpus and any(word in cause.lower() for word in ("nvidia", "gpu", "cdi")):
            way_out = (
                "install NVIDIA's container toolkit, or set CUDA_VISIBLE_DEVICES= to run on the CPU"
            )
        name = "Podman" if self._engine.podman else "Docker"
        return UserError(f"{container.image.reference}: {name} won't start it: {cause}; {way_out}")

    def _follow(self, name: str, container: Container, streams: Streams) -> int:
        def pass_on(*, err: bool) -> None:
            # The end of the container, or of the engine, is what wait() tells of.
            with suppress(*ERRORS, OSError):
                for data in self._client.logs(
                    name, stdout=not err, stderr=err, stream=True, follow=True
                ):
                    (streams.err if err else streams.out)(data)

        readers = [
            threading.Thread(target=pass_on, kwargs={"err": err}, daemon=True)
            for err in (False, True)
        ]
        for reader in readers:
            reader.start()
        status = int(self._client.wait(name)["StatusCode"])
        for reader in readers:
            reader.join(SECONDS_FOR_THE_REST)
        if status == KILLED and self._client.inspect_container(name)["State"].get("OOMKilled"):
            raise UserError(
                f"{container.image.reference}: killed, as it needed more memory than it may have; "
                "give more with --memory, and run the same command to go on"
            )
        return status

    def _remove_orphans(self) -> None:
        with suppress(*ERRORS):
            for found in self._client.containers(all=True, filters={"label": LABEL}):
                if is_orphan((found.get("Labels") or {}).get(LABEL, "")):
                    self._client.remove_container(found["Id"], force=True, v=True)


def connect() -> DockerRuntime:
    """The engine that answers.

    Raises:
        UserError: none does.
    """
    place = os.environ.get("DOCKER_HOST") or SOCKET
    try:
        client = docker.from_env().api
        # A training may be silent for hours.
        client.timeout = None  # type: ignore[assignment]
        return DockerRuntime(client)
    except ERRORS as error:
        raise UserError(
            f"no Docker engine answers at {place} ({_cause(error)}); start it, get the right to "
            "use it, or set DOCKER_HOST (Podman: podman system service --time=0 unix://SOCKET)"
        ) from None


def _engine(client: "APIClient") -> Engine:
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


def _bind(mount: Mount) -> Bind:
    return Bind(str(mount.target), str(mount.source), type="bind", read_only=not mount.writable)


def _system_limits(limits: Limits, engine: Engine) -> list[Ulimit]:
    """The caller's; left to itself, Podman asks for more than it may have where root is limited."""
    tops = {"nofile": open_files(), **({"nproc": limits.processes} if engine.podman else {})}
    return [Ulimit(name=name, soft=top, hard=top) for name, top in tops.items()]


def _gpus(container: Container, engine: Engine) -> list[DeviceRequest] | None:
    if not container.gpus:
        return None
    if engine.podman:
        names = [f"nvidia.com/gpu={gpu}" for gpu in container.gpus]
        return [DeviceRequest(driver="cdi", device_ids=names)]
    return [DeviceRequest(device_ids=list(container.gpus), capabilities=[["gpu"]])]


def _cause(error: Exception) -> str:
    """What an engine says, in a line."""
    if isinstance(error, APIError) and error.explanation:
        return " ".join(str(error.explanation).split())
    inner: BaseException = error
    while (below := inner.__cause__ or inner.__context__) is not None:
        inner = below
    text = inner.strerror if isinstance(inner, OSError) and inner.strerror else str(inner)
    return " ".join((text or str(error)).split())
