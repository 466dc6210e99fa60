"""Containers by Docker, or by Podman at its socket, which speaks the same language."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

import docker
from docker.errors import APIError, DockerException, ImageNotFound
from requests.exceptions import RequestException

from benchmark.containers.container import Container, Image, Streams, caller
from benchmark.containers.engine import engine_of, host_config
from benchmark.containers.orphans import LABEL, is_orphan, this_process
from nnactive.errors import NnactiveError, UserError

if TYPE_CHECKING:
    from docker.api.client import APIClient

SECONDS_TO_END: Final = 10
"""How long a container that is stopped may take."""
SECONDS_FOR_THE_REST: Final = 10
"""How long the last of the output may take after the end."""
KILLED: Final = 137
ERRORS: Final = (DockerException, RequestException)
"""What an engine answers, and that it doesn't."""
SOCKET: Final = "unix:///var/run/docker.sock"


class DockerRuntime:
    """Containers by the engine that ``DOCKER_HOST`` names, else the usual one."""

    def __init__(self, client: "APIClient") -> None:
        self._client = client
        self._engine = engine_of(client)

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
                host_config=host_config(self._client, self._engine, container),
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


def _cause(error: Exception) -> str:
    """What an engine says, in a line."""
    if isinstance(error, APIError) and error.explanation:
        return " ".join(str(error.explanation).split())
    inner: BaseException = error
    while (below := inner.__cause__ or inner.__context__) is not None:
        inner = below
    text = inner.strerror if isinstance(inner, OSError) and inner.strerror else str(inner)
    return " ".join((text or str(error)).split())
