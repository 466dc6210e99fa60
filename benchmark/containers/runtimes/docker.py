"""Containers and layers by Docker, or by Podman at its socket, which offers the same API."""

import io
import json
import os
import tarfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

import docker
from docker.errors import APIError, BuildError, DockerException, ImageNotFound
from requests.exceptions import RequestException

from benchmark.containers.container import Container, Image, Layer, Runtime, Streams
from benchmark.containers.images import layer_command, layer_failure
from benchmark.containers.leftovers import LABEL, is_orphan, this_process
from benchmark.containers.runtimes.engine import caller, engine_of, host_config
from benchmark.image.layer.install import LAYER_RECORD, added, labels_of
from benchmark.image.record import HOME, LayerRecord
from nnactive.errors import NnactiveError, UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from docker import DockerClient

SECONDS_TO_END: Final = 10
"""How long a container that is stopped may take."""
SECONDS_FOR_THE_REST: Final = 10
"""How long the last of the output may take after the end."""
SECONDS_OF_A_BUILD: Final = 3600
"""How long a layer's build may be silent."""
KILLED: Final = 137
ERRORS: Final = (DockerException, RequestException)
"""An engine's errors, and those of a connection to it."""
SOCKET: Final = "unix:///var/run/docker.sock"
LAYERS: Final = "nnactive-benchmark-layer"
"""Repository of the layers."""


class DockerRuntime:
    """A `Runtime` by the engine that ``DOCKER_HOST`` names, by default Docker's own."""

    def __init__(self, client: "DockerClient") -> None:
        """Take a connected client."""
        self._client, self._api = client, client.api
        self._engine = engine_of(self._api)

    def image(self, reference: str) -> Image:
        """The image of that name; none is pulled.

        Raises:
            UserError: there is none.
        """
        try:
            found: dict[str, Any] = self._api.inspect_image(reference)  # type: ignore[no-untyped-call]
        except ImageNotFound:
            raise UserError(
                f"{reference}: no such image here; build it: make image, or load it: docker load"
            ) from None
        except ERRORS as error:
            raise UserError(f"{reference}: {_cause(error)}; give an image with --image") from None
        labels = (found.get("Config") or {}).get("Labels") or {}
        digest = f"sha256:{_plain(found['Id'])}"
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
                "some versions of Podman silently ignore GPUs at their socket; check the line GPUs "
                "of: nnactive-bench doctor --runtime docker"
            )
        return notes

    def run(self, container: Container, streams: Streams) -> int:
        """Run a container to its end, and return its exit code; it is removed in all cases.

        Raises:
            UserError: the engine refuses to start it, or it ran out of memory.
            NnactiveError: the engine fails while it runs.
        """
        self._remove_orphans()
        with self._created(container) as name:
            self._start(name, container)
            try:
                return self._follow(name, container, streams)
            except ERRORS as error:
                raise NnactiveError(
                    f"{container.image.reference}: the engine failed: {_cause(error)}; "
                    "run the same command to continue"
                ) from None
            except BaseException:
                streams.mute()
                with suppress(*ERRORS):
                    self._api.stop(name, timeout=SECONDS_TO_END)
                raise

    def find_layer(self, base: Image, name: str) -> Layer | None:  # noqa: ARG002  (the protocol's)
        """The layer of that name, if it was built before."""
        reference = f"{LAYERS}:{name}"
        try:
            labels = self._client.images.get(reference).labels
        except ImageNotFound:
            return None
        found = added(labels)
        return None if found is None else Layer(reference, found)

    def build_layer(self, base: Image, name: str, requirements: Sequence[str]) -> Layer:
        """Install on the image, then label the result: what was added is known only then.

        Raises:
            UserError: the command inside refuses a requirement.
            NnactiveError: the build fails otherwise.
        """
        attributes = self._client.images.get(base.reference).attrs
        user = (attributes.get("Config") or {}).get("User") or "0"
        run = f"USER 0\nRUN {json.dumps(layer_command(requirements))}\nUSER {user}\n"
        installed = self._build(base, f"FROM {_plain(base.digest)}\n{run}")
        record = self._record(installed)
        self._build(
            base,
            f"FROM {_plain(installed)}\n",
            tag=f"{LAYERS}:{name}",
            labels=labels_of(record),
        )
        return Layer(f"{LAYERS}:{name}", record.requirements)

    @contextmanager
    def _created(self, container: Container) -> Iterator[str]:
        hidden = {} if container.gpus else {"NVIDIA_VISIBLE_DEVICES": "void"}
        try:
            created = self._api.create_container(
                container.image.digest,
                command=list(container.arguments),
                user="0:0" if self._engine.rootless and not self._engine.podman else caller(),
                environment={**hidden, **container.environment},
                working_dir=str(container.folder),
                host_config=host_config(self._api, self._engine, container),
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
                self._api.remove_container(created["Id"], force=True, v=True)

    def _start(self, name: str, container: Container) -> None:
        try:
            self._api.start(name)
        except ERRORS as error:
            raise self._refusal(container, error) from None

    def _refusal(self, container: Container, error: Exception) -> UserError:
        cause = _cause(error)
        way_out = "fix that and run the same command again"
        if container.gpus and any(word in cause.lower() for word in ("nvidia", "gpu", "cdi")):
            way_out = (
                "install NVIDIA's container toolkit, or set CUDA_VISIBLE_DEVICES= to run on the CPU"
            )
        name = "Podman" if self._engine.podman else "Docker"
        return UserError(f"{container.image.reference}: {name} can't start it: {cause}; {way_out}")

    def _follow(self, name: str, container: Container, streams: Streams) -> int:
        def pass_on(*, err: bool) -> None:
            # If the container or the engine ends, wait() reports it.
            with suppress(*ERRORS, OSError):
                for data in self._api.logs(
                    name, stdout=not err, stderr=err, stream=True, follow=True
                ):
                    (streams.err if err else streams.out)(data)

        readers = [
            threading.Thread(target=pass_on, kwargs={"err": err}, daemon=True)
            for err in (False, True)
        ]
        for reader in readers:
            reader.start()
        status = int(self._api.wait(name)["StatusCode"])
        for reader in readers:
            reader.join(SECONDS_FOR_THE_REST)
        if status == KILLED and self._api.inspect_container(name)["State"].get("OOMKilled"):
            raise UserError(
                f"{container.image.reference}: killed, as it exceeded its memory limit; raise "
                "--memory, and run the same command to continue"
            )
        return status

    def _remove_orphans(self) -> None:
        with suppress(*ERRORS):
            for found in self._api.containers(all=True, filters={"label": LABEL}):
                if is_orphan((found.get("Labels") or {}).get(LABEL, "")):
                    self._api.remove_container(found["Id"], force=True, v=True)

    def _build(self, base: Image, dockerfile: str, **options: Any) -> str:
        content = io.BytesIO(dockerfile.encode())
        try:
            built, _ = self._client.images.build(
                fileobj=content, rm=True, forcerm=True, timeout=SECONDS_OF_A_BUILD, **options
            )
        except BuildError as error:
            raise layer_failure(base, [*_lines(error.build_log), error.msg]) from None
        except APIError as error:
            raise layer_failure(base, [error.explanation or str(error)]) from None
        return str(built.id)

    def _record(self, image: str) -> LayerRecord:
        """The layer's record in an image; none of the image's code runs for that."""
        container = self._client.containers.create(image)
        try:
            stream, _ = container.get_archive(str(HOME / LAYER_RECORD))
            with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
                file = archive.extractfile(LAYER_RECORD)
                content = file.read() if file else b""
        finally:
            container.remove()
        return LayerRecord.model_validate_json(content)


def connect(say: "Callable[[str], None]") -> Runtime:  # noqa: ARG001  (as for all runtimes)
    """The engine that answers.

    Raises:
        UserError: none does.
    """
    place = os.environ.get("DOCKER_HOST") or SOCKET
    try:
        client = docker.from_env()
        # A training may be silent for hours.
        client.api.timeout = None  # type: ignore[assignment]
        return DockerRuntime(client)
    except ERRORS as error:
        raise UserError(
            f"no Docker engine answers at {place} ({_cause(error)}); start it, get permission to "
            "use it, or set DOCKER_HOST (Podman: podman system service --time=0 unix://SOCKET)"
        ) from None


def _plain(digest: str) -> str:
    """An image's id as a Dockerfile may name it."""
    return digest.removeprefix("sha256:")


def _lines(log: Iterable[Any]) -> list[str]:
    """Lines of a build; its parts may end anywhere."""
    parts = [str(part.get("stream", "")) for part in log if isinstance(part, dict)]
    return "".join(parts).splitlines()


def _cause(error: Exception) -> str:
    """An engine's error in one line."""
    if isinstance(error, APIError) and error.explanation:
        return " ".join(str(error.explanation).split())
    inner: BaseException = error
    while (below := inner.__cause__ or inner.__context__) is not None:
        inner = below
    text = inner.strerror if isinstance(inner, OSError) and inner.strerror else str(inner)
    return " ".join((text or str(error)).split())
