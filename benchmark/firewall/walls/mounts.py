"""Which paths a box holds, and in which order they are mounted; what bubblewrap is asked for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from benchmark.firewall.box import Box

How = Literal["read", "hide", "write"]
ORDER: Final[dict[How, int]] = {"read": 0, "hide": 1, "write": 2}
MEMORY_FOLDERS: Final = {"/tmp": 2**26, "/dev/shm": 2**31}  # noqa: S108
"""Folders in memory that a box may write, and how many bytes find room there."""
DEVICES: Final = ("null", "full", "random", "urandom")
WITH_GPU: Final = ("zero",)
"""What is mapped from it is memory that counts for no process; a GPU's driver needs such anyway."""
ACCELERATORS: Final = ("nvidia*", "dri", "kfd", "dxg")
"""Below ``/dev``, as patterns."""
KERNEL: Final = ("sys", "sysrq-trigger", "irq", "bus", "fs", "acpi", "scsi")
"""Below ``/proc``: root may write there without any capability, ``core_pattern`` for one."""
LINKS: Final = {
    "/dev/fd": "/proc/self/fd",
    "/dev/stdin": "/proc/self/fd/0",
    "/dev/stdout": "/proc/self/fd/1",
    "/dev/stderr": "/proc/self/fd/2",
}


@dataclass(frozen=True)
class Mount:
    """A path that a box holds, or an empty folder in its place."""

    path: Path
    how: How


def mounts(box: Box, installed: Sequence[Path]) -> list[Mount]:
    """What is mounted for a box, parents before what lies in them.

    A path that leads through links is there under both its names. A hidden folder that lies in
    nothing mounted isn't there anyway.

    Args:
        box: the box.
        installed: paths that every box holds.
    """
    readable = {name for each in (*installed, *box.reads) for name in _names(each)}
    writable = {name for each in box.writes for name in _names(each)}
    hidden = {name for each in box.hides for name in _names(each)} - readable - writable
    found = [Mount(each, "read") for each in readable - writable]
    found += [Mount(each, "write") for each in writable]
    found += [Mount(each, "hide") for each in hidden if _lies_in(each, readable | writable)]
    found.sort(key=lambda each: (len(each.path.parts), ORDER[each.how], each.path))
    return list(_needed(found))


def bubblewrap_arguments(box: Box, installed: Sequence[Path]) -> list[str]:
    """Arguments of ``bwrap`` that make the box's file system, namespaces left out."""
    found = mounts(box, installed)
    hidden = [str(mount.path) for mount in found if mount.how == "hide"]
    words = [*_kernel_files(gpu=box.gpu)]
    for folder, size in MEMORY_FOLDERS.items():
        words += ["--size", str(size), "--tmpfs", folder]
    for mount in found:
        words += _mounted(mount)
    for path in (*hidden, "/dev", "/"):
        words += ["--remount-ro", path]
    return words


def _kernel_files(*, gpu: bool) -> Iterator[str]:
    """What isn't on any disk: processes and devices."""
    yield from ("--proc", "/proc")
    for name in KERNEL:
        yield from ("--ro-bind-try", f"/proc/{name}", f"/proc/{name}")
    yield from ("--tmpfs", "/dev")
    for device in devices(gpu=gpu):
        yield from ("--dev-bind-try", device, device)  # Apptainer has no /dev/full
    for link, target in LINKS.items():
        yield from ("--symlink", target, link)
    if gpu:
        yield from ("--ro-bind", "/sys", "/sys")


def devices(*, gpu: bool) -> list[str]:
    """Device files that a box may hold, whether they exist here or not."""
    names = (*DEVICES, *WITH_GPU) if gpu else DEVICES
    return [f"/dev/{name}" for name in names] + (accelerators() if gpu else [])


def _mounted(mount: Mount) -> list[str]:
    path = str(mount.path)
    if mount.how == "hide":
        return ["--tmpfs", path]
    if mount.path.is_symlink() and mount.path.parent == Path("/"):  # such as /lib
        return ["--symlink", str(mount.path.readlink()), path]
    return ["--bind" if mount.how == "write" else "--ro-bind", path, path]


def accelerators() -> list[str]:
    """Device files of this machine's accelerators."""
    found = {str(each) for pattern in ACCELERATORS for each in Path("/dev").glob(pattern)}
    return sorted(found)


def _names(path: Path) -> Iterator[Path]:
    """A path as it is called, and as it's called without links on its way."""
    yield path.absolute()
    yield path.resolve()


def _lies_in(path: Path, folders: set[Path]) -> bool:
    return any(each in folders for each in path.parents)


def _needed(found: Sequence[Mount]) -> Iterator[Mount]:
    """Leave out what is there already, as it lies in a folder that is mounted."""
    kept: dict[Path, How] = {}
    for mount in found:
        above = next((each for each in mount.path.parents if each in kept), None)
        if above is not None and (kept[above] == mount.how or _is_linked(mount.path, above)):
            continue
        kept[mount.path] = mount.how
        yield mount


def _is_linked(path: Path, above: Path) -> bool:
    """Whether a link leads from ``above`` to ``path``; its target is mounted by its own name."""
    return path.resolve() != above.resolve() / path.relative_to(above)
