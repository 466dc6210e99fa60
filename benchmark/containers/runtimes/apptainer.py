"""Containers and layers by Apptainer, through its command line."""

import csv
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final

from benchmark.containers.container import Container, Image, Layer, Mount, Runtime, Streams
from benchmark.containers.images import layer_failure, layer_shell_command
from benchmark.containers.runtimes.image_server import steadied
from benchmark.containers.runtimes.process_group import end_group, start_group
from benchmark.execution.statuses import UNFINISHED
from benchmark.image.layer.install import added
from nnactive.devices import VISIBLE
from nnactive.errors import UserError
from nnactive.io.files import atomic_path, read_json, sha256, write_json
from nnactive.io.formatting import size

PROGRAM: Final = "APPTAINER"
"""Environment variable that names the program; by default PATH is searched."""
BUILD_FLAGS: Final = "NNACTIVE_BUILD_FLAGS"
"""Environment variable with further flags of ``apptainer build``, for layers."""
OURS: Final = ("APPTAINER", "SINGULARITY")
"""Prefixes of Apptainer's environment variables."""
FOLDERS: Final = frozenset({"APPTAINER_CACHEDIR", "APPTAINER_CONFIGDIR", "APPTAINER_TMPDIR"})
"""Its variables that every call keeps: they bring nothing of the host inside."""
NAMESPACE: Final = "APPTAINER_USERNS"
"""Its variable that runs keep; a build fails with it."""
INSIDE: Final = "APPTAINERENV_"
"""Prefix of a container's variables; as arguments, every user of the machine could read them."""
FAILED: Final = 255
LAYERS: Final = "layers"
"""Folder of the layers, beside the benchmark image."""
UNFIT: Final = re.compile(r"[\n\r]|\{\{")
"""What a definition file reads as more than a path."""
LARGE: Final = 1 << 30
"""Bytes whose digest takes a while."""
MESSAGE: Final = re.compile(rb"(FATAL|ERROR|WARNING|INFO)\s*:\s")
COLOURS: Final = re.compile(rb"\x1b\[[0-9;]*m")
CGROUPS: Final = Path("/sys/fs/cgroup")
SYSTEMD: Final = Path("/run/systemd/system")


class ApptainerRuntime:
    """A `Runtime` by the program at a path."""

    def __init__(
        self,
        program: str,
        say: Callable[[str], None],
        *,
        can_limit: bool | None = None,
        build_flags: Sequence[str] = (),
    ) -> None:
        """Set up the runtime.

        Args:
            program: path of Apptainer.
            say: prints a line for the user, before what takes a while.
            can_limit: whether limits can be set; None: find out.
            build_flags: further flags of ``apptainer build``.
        """
        self._program, self._say = program, say
        self._can_limit = can_set_limits() if can_limit is None else can_limit
        self._build_flags = tuple(build_flags)

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
        try:
            labels = self._labels(file.resolve())
        except ValueError as error:
            raise UserError(
                f"{reference}: isn't an image that Apptainer can read ({error}); build it: make sif"
            ) from None
        return Image(reference=reference, digest=sif_digest(file, self._say), labels=labels)

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

        If this process is asked to end, and what runs inside saves and says that it isn't finished,
        that is the exit code, too.

        Raises:
            UserError: Apptainer refuses to start it.
        """
        inside = {**_visible(container), **container.environment}
        messages, output = Messages(streams.err), threading.Event()

        def out(data: bytes) -> None:
            output.set()
            streams.out(data)

        environment = _environment(inside)
        with suppress(RuntimeError):  # a user without a home
            programs = digests_file().with_name("programs")
            environment["PATH"] = steadied(os.environ.get("PATH", os.defpath), programs)
        process = start_group(self.command(container), environment)
        try:
            readers = [
                threading.Thread(target=_pass_on, args=each, daemon=True)
                for each in ((process.stdout, out), (process.stderr, messages))
            ]
            for reader in readers:
                reader.start()
            status = process.wait()
        except BaseException:
            streams.mute()
            if end_group(process) != UNFINISHED:
                raise
            self._say("stopped with everything saved; the same command continues")
            return UNFINISHED
        for reader in readers:
            reader.join()
        silent = not (output.is_set() or messages.inside)
        if messages.cause and (status == FAILED or (status and silent)):
            raise UserError(
                f"{container.image.reference}: Apptainer can't start it: {messages.cause}; "
                "fix that and run the same command again"
            )
        messages.end()
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

    def find_layer(self, base: Image, name: str) -> Layer | None:
        """The layer of that name beside the image, if it was built before.

        Raises:
            UserError: the file isn't a layer.
        """
        file = _layer_file(base, name)
        if not file.is_file():
            return None
        found = self._added(file)
        if found is None:
            raise UserError(f"{file}: isn't a layer; remove it and run the same command again")
        return Layer(str(file), found)

    def build_layer(self, base: Image, name: str, requirements: Sequence[str]) -> Layer:
        """Install on the image, into a file that gets its name only when it is complete.

        Raises:
            UserError: the command inside refuses a requirement.
            NnactiveError: the build fails otherwise.
        """
        file = _layer_file(base, name)
        text = layer_definition(Path(base.reference).resolve(), requirements)
        with atomic_path(file) as draft, tempfile.TemporaryDirectory() as folder:
            recipe = Path(folder) / "layer.def"
            recipe.write_text(text, encoding="utf-8")
            done = self._call(["build", *self._build_flags, str(draft), str(recipe)])
            if done.returncode or not draft.is_file():
                raise layer_failure(base, [*done.stdout.splitlines(), *done.stderr.splitlines()])
            found = self._added(draft)
            if found is None:
                raise layer_failure(base, ["its labels don't say what was added"])
        return Layer(str(file), found)

    def _added(self, file: Path) -> tuple[str, ...] | None:
        try:
            return added(self._labels(file))
        except ValueError:
            return None

    def _labels(self, file: Path) -> dict[str, str]:
        """An image's labels; a ``ValueError`` with Apptainer's last message if it has none."""
        done = self._call(["inspect", "--json", "--labels", str(file)])
        try:
            labels = json.loads(done.stdout)["data"]["attributes"]["labels"] or {}
        except (ValueError, LookupError, TypeError):
            raise ValueError(_last_line(done.stderr)) from None
        return {str(key): str(value) for key, value in labels.items()}

    def _call(self, arguments: Sequence[str]) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [self._program, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            env=_environment({}, build=arguments[0] == "build"),
        )


class Messages:
    """Passes on a container's stderr without what Apptainer writes before the container starts."""

    def __init__(self, tell: Callable[[bytes], None]) -> None:
        """Take what receives the container's bytes."""
        self.cause = ""
        """Apptainer's last message on why it can't start the container."""
        self.inside = False
        """Whether the container wrote something."""
        self._tell = tell
        self._rest = b""

    def __call__(self, data: bytes) -> None:
        """Take the next bytes."""
        if self.inside:
            self._tell(data)
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for number, line in enumerate(lines):
            plain = COLOURS.sub(b"", line)
            found = MESSAGE.match(plain)
            if not found and (plain or not line):
                self.inside = True
                self._tell(b"\n".join([*lines[number:], self._rest]))
                self._rest = b""
                return
            # Its starter writes ERROR, and exits with 1.
            if found and found[1] in {b"FATAL", b"ERROR"}:
                self.cause = " ".join(plain[found.end() :].decode(errors="replace").split())

    def end(self) -> None:
        """Pass on what is left."""
        if COLOURS.sub(b"", self._rest):
            self._tell(self._rest)


def connect(say: Callable[[str], None]) -> Runtime:
    """Apptainer on this machine.

    Raises:
        UserError: it isn't installed.
    """
    named = os.environ.get(PROGRAM)
    program = shutil.which(named or "apptainer")
    if program is None:
        raise UserError(
            f"{named or 'apptainer'}: no such program; install Apptainer, load its module, "
            f"or set {PROGRAM} to its path"
        )
    flags = shlex.split(os.environ.get(BUILD_FLAGS, ""))
    return ApptainerRuntime(program, say, build_flags=flags)


def can_set_limits(groups: Path = CGROUPS, systemd: Path = SYSTEMD) -> bool:
    """Whether Apptainer can limit a container: systemd has to delegate a control group to it."""
    user = os.getuid()
    delegated_to = (
        groups if user == 0 else groups / f"user.slice/user-{user}.slice/user@{user}.service"
    )
    try:
        controllers = (delegated_to / "cgroup.controllers").read_text(encoding="utf-8").split()
    except OSError:
        return False
    bus = user == 0 or "DBUS_SESSION_BUS_ADDRESS" in os.environ
    return systemd.is_dir() and bus and {"cpu", "memory", "pids"} <= set(controllers)


def sif_digest(file: Path, say: Callable[[str], None]) -> str:
    """``sha256:`` and an image's SHA-256, cached until the file's size or time changes.

    ``say`` prints a line for the user if that takes a while.
    """
    stat = file.stat()
    key = {"size": stat.st_size, "time": stat.st_mtime_ns, "inode": stat.st_ino}
    known, place = _known_digests(), str(file.resolve())
    entry = known.get(place)
    if isinstance(entry, dict) and entry.items() >= key.items() and "digest" in entry:
        return str(entry["digest"])
    if stat.st_size > LARGE:
        say(f"{file}: computing its digest, once ({size(stat.st_size)})")
    digest = f"sha256:{sha256(file)}"
    # Where it can't be cached, it is computed again next time.
    with suppress(OSError, RuntimeError):
        write_json(digests_file(), {**known, place: {**key, "digest": digest}})
    return digest


def digests_file() -> Path:
    """The file of known digests in the user's cache folder; a ``RuntimeError`` without one."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "nnactive-bench" / "images.json"


def layer_definition(base: Path, requirements: Sequence[str]) -> str:
    """A layer's definition file; labels, environment and command are the base image's.

    Raises:
        UserError: a definition file can't name such a path.
    """
    if UNFIT.search(str(base)):
        raise UserError(f"{str(base)!r}: Apptainer can't name such a path; move the image")
    # One command, as a build goes on if one of several fails.
    command = layer_shell_command(requirements)
    return f"Bootstrap: localimage\nFrom: {base}\n\n%post\n    exec {command}\n"


def _known_digests() -> dict[str, Any]:
    try:
        content = read_json(digests_file())
    except (UserError, OSError, RuntimeError):
        return {}
    return content if isinstance(content, dict) else {}


def _layer_file(base: Image, name: str) -> Path:
    return Path(base.reference).resolve().parent / LAYERS / f"{name}.sif"


def _environment(inside: Mapping[str, str], *, build: bool = False) -> dict[str, str]:
    """The program's environment: the caller's, without what would change a container.

    Args:
        inside: variables of the container.
        build: whether the program builds an image.
    """
    kept = FOLDERS if build else FOLDERS | {NAMESPACE}
    callers = {
        name: value
        for name, value in os.environ.items()
        if name in kept or not name.startswith(OURS)
    }
    return callers | {f"{INSIDE}{name}": value for name, value in inside.items()}


def _visible(container: Container) -> dict[str, str]:
    """``--nv`` brings in all GPUs; this selects."""
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


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", lines[-1]).split()) if lines else "no answer"
