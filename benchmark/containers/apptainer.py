"""Containers by Apptainer, called on its command line."""

import csv
import io
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Final

from benchmark.containers.cgroups import can_set_limits
from benchmark.containers.container import Container, Image, Mount, Streams
from benchmark.containers.digest import sif_digest
from benchmark.containers.own_words import Errors
from benchmark.containers.tether import release, tethered
from nnactive.devices import VISIBLE
from nnactive.errors import UserError
from nnactive.io.formatting import size

PROGRAM: Final = "APPTAINER"
"""Environment variable that names the program; else it is looked up."""
KEPT: Final = frozenset(
    {"APPTAINER_CACHEDIR", "APPTAINER_CONFIGDIR", "APPTAINER_TMPDIR", "APPTAINER_USERNS"}
)
"""Its variables that bring nothing of the host inside."""
FOREIGN: Final = ("APPTAINER", "SINGULARITY")
PREFIX: Final = "APPTAINERENV_"
"""Of variables for the inside; as arguments, every user of the machine could read them."""
FAILED: Final = 255


class ApptainerRuntime:
    """Containers by the program at that place."""

    def __init__(
        self, program: str, say: Callable[[str], None], *, can_limit: bool | None = None
    ) -> None:
        """Take the program, and who is told of what takes a while."""
        self._program, self._say = program, say
        self._can_limit = can_set_limits() if can_limit is None else can_limit

    def image(self, reference: str) -> Image:
        """The image in that file.

        Raises:
            UserError: there is no such file, or it isn't one of Apptainer's.
        """
        file = Path(reference)
        if not file.is_file():
            raise UserError(
                f"{reference}: no such file; build it: make sif, or name one with --image"
            )
        done = subprocess.run(
            [self._program, "inspect", "--json", "--labels", str(file.resolve())],
            capture_output=True,
            text=True,
            check=False,
            env=_environment({}),
        )
        try:
            labels = json.loads(done.stdout)["data"]["attributes"]["labels"] or {}
        except (ValueError, LookupError, TypeError):
            cause = _last_words(done.stderr)
            raise UserError(
                f"{reference}: isn't an image that Apptainer can read ({cause}); build it: make sif"
            ) from None
        texts = {str(key): str(value) for key, value in labels.items()}
        return Image(reference=reference, digest=sif_digest(file, self._say), labels=texts)

    def notes(self, container: Container) -> list[str]:
        """What it can't set: shared memory, and limits without control groups."""
        limits, notes = container.limits, []
        if limits.shared_memory:
            notes.append("Apptainer can't set --shm-size: shared memory is half the machine's")
        if not self._can_limit:
            asked = [
                f"memory ({size(limits.memory)})" if limits.memory else "",
                f"cores ({limits.cores})" if limits.cores else "",
                "the number of processes",
            ]
            notes.append(
                f"Apptainer can't limit {', '.join(filter(None, asked))} here: that needs systemd "
                "and control groups (version 2) that this user may set"
            )
        return notes

    def run(self, container: Container, streams: Streams) -> int:
        """Run a container to its end, and return its exit code; it ends with this process.

        Raises:
            UserError: Apptainer refuses to start it.
        """
        process = tethered(
            self.command(container), _environment({**_visible(container), **container.environment})
        )
        errors, said = Errors(streams.err), threading.Event()

        def out(data: bytes) -> None:
            said.set()
            streams.out(data)

        readers = [
            threading.Thread(target=_pass_on, args=each, daemon=True)
            for each in ((process.stdout, out), (process.stderr, errors))
        ]
        for reader in readers:
            reader.start()
        try:
            status = process.wait()
        except BaseException:
            streams.hush()
            release(process)
            raise
        for reader in readers:
            reader.join()
        silent = not (said.is_set() or errors.inside)
        if errors.cause and (status == FAILED or (status and silent)):
            raise UserError(
                f"{container.image.reference}: Apptainer won't start it: {errors.cause}; "
                "mend that and run the same command again"
            )
        errors.end()
        return status

    def command(self, container: Container) -> list[str]:
        """The command line that runs a container."""
        limits = container.limits
        flags = [
            *("--containall", "--no-home", "--cleanenv", "--no-eval", "--no-privs"),
            *("--no-mount", "home,cwd,hostfs,bind-paths", "--pwd", str(container.folder)),
        ]
        if not container.network:
            flags += ["--net", "--network", "none"]
        if container.gpus:
            flags.append("--nv")
        if self._can_limit:
            flags += ["--pids-limit", str(limits.processes)]
            flags += ["--memory", str(limits.memory)] if limits.memory else []
            flags += ["--cpus", str(limits.cores)] if limits.cores else []
        for mount in container.mounts:
            flags += ["--mount", _mount(mount)]
        image = str(Path(container.image.reference).resolve())
        return [self._program, "--silent", "--nocolor", "run", *flags, image, *container.arguments]


def connect(say: Callable[[str], None]) -> ApptainerRuntime:
    """Apptainer on this machine.

    Raises:
        UserError: it isn't installed.
    """
    return ApptainerRuntime(find_program(), say)


def find_program() -> str:
    """Where the program is.

    Raises:
        UserError: it isn't installed.
    """
    named = os.environ.get(PROGRAM)
    program = shutil.which(named or "apptainer")
    if program is None:
        raise UserError(
            f"{named or 'apptainer'}: no such program; install Apptainer, load its module, "
            f"or set {PROGRAM} to its place"
        )
    return program


def _environment(inside: Mapping[str, str]) -> dict[str, str]:
    """The program's own environment, with what the container is to have."""
    own = {
        name: value
        for name, value in os.environ.items()
        if name in KEPT or not name.startswith(FOREIGN)
    }
    return own | {f"{PREFIX}{name}": value for name, value in inside.items()}


def _visible(container: Container) -> dict[str, str]:
    """``--nv`` brings in all GPUs."""
    return {VISIBLE: ",".join(container.gpus)} if container.gpus else {}


def _mount(mount: Mount) -> str:
    """A mount as Apptainer reads it: comma-separated values."""
    fields = ["type=bind", f"source={mount.source}", f"destination={mount.target}"]
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([*fields, *([] if mount.writable else ["ro"])])
    return line.getvalue()


def _pass_on(pipe: IO[bytes], tell: Callable[[bytes], None]) -> None:
    while data := os.read(pipe.fileno(), 1 << 16):
        tell(data)


def _last_words(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", lines[-1]).split()) if lines else "no answer"
