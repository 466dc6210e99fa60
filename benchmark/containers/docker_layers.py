"""Layers as images of Docker, or of Podman through its Docker API."""

import io
import json
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from benchmark.containers.layers import RECORD, Built, command, failure
from benchmark.image.layer.install import added, labels_of
from benchmark.image.record import LayerRecord
from nnactive.errors import UserError

if TYPE_CHECKING:
    from docker import DockerClient

REPOSITORY: Final = "nnactive-benchmark-layer"


class DockerLayers:
    """A `Runtime` behind Docker's API."""

    def __init__(self, client: "DockerClient", options: Mapping[str, Any] | None = None) -> None:
        """Take a connected client, and further options of its ``images.build``."""
        self.client = client
        self.options = dict(options or {})

    def digest(self, image: str) -> str:
        """Docker's id of an image that is there; a ``UserError`` if it isn't."""
        return str(self._image(image).id)

    def find(self, image: str, name: str) -> Built | None:  # noqa: ARG002  (of the protocol)
        """The layer of that name if it was built before."""
        from docker.errors import ImageNotFound

        reference = f"{REPOSITORY}:{name}"
        try:
            labels = self.client.images.get(reference).labels
        except ImageNotFound:
            return None
        found = added(labels)
        return None if found is None else Built(reference, found)

    def build(self, image: str, name: str, requirements: Sequence[str]) -> Built:
        """Install on the image, then put labels on what came out: only then they are known.

        Raises:
            UserError: what the command inside refuses.
            NnactiveError: if the build fails otherwise.
        """
        base = self._image(image)
        user = (base.attrs.get("Config") or {}).get("User") or "0"
        run = f"USER 0\nRUN {json.dumps(command(requirements))}\nUSER {user}\n"
        installed = self._build(image, f"FROM {_plain(base.id)}\n{run}")
        record = self._record(installed)
        self._build(
            image,
            f"FROM {_plain(installed)}\n",
            tag=f"{REPOSITORY}:{name}",
            labels=labels_of(record),
        )
        return Built(f"{REPOSITORY}:{name}", record.requirements)

    def _image(self, image: str) -> Any:
        from docker.errors import ImageNotFound

        try:
            return self.client.images.get(image)
        except ImageNotFound:
            raise UserError(f"{image}: no such image; make it: make image") from None

    def _build(self, image: str, dockerfile: str, **options: Any) -> str:
        from docker.errors import APIError, BuildError

        content = io.BytesIO(dockerfile.encode())
        try:
            built, _ = self.client.images.build(
                fileobj=content, rm=True, forcerm=True, **self.options, **options
            )
        except BuildError as error:
            raise failure(image, [*_lines(error.build_log), error.msg]) from None
        except APIError as error:
            raise failure(image, [error.explanation or str(error)]) from None
        return str(built.id)

    def _record(self, image: str) -> LayerRecord:
        """What ``layer.json`` of an image says; none of its code runs for that."""
        container = self.client.containers.create(image)
        try:
            stream, _ = container.get_archive(RECORD)
            with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
                file = archive.extractfile(RECORD.rpartition("/")[2])
                content = file.read() if file else b""
        finally:
            container.remove()
        return LayerRecord.model_validate_json(content)


def _plain(digest: str | None) -> str:
    """An image's id as a Dockerfile may name it."""
    return str(digest).removeprefix("sha256:")


def _lines(log: Iterable[Any]) -> list[str]:
    """Lines of a build; its parts may end anywhere."""
    parts = [str(part.get("stream", "")) for part in log if isinstance(part, dict)]
    return "".join(parts).splitlines()
