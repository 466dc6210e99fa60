"""One call of a command in a container: scratch folder, run, and the files that it writes."""

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from benchmark.containers.container import Container, Image, Limits, Mount, Runtime
from benchmark.containers.handover import Handover, check_writable, to_read
from benchmark.containers.leftovers import scratch_folder
from benchmark.containers.output import OutputRelay
from benchmark.execution.gpu_locks import LOCKS, gpu_locks
from benchmark.image.record import BASE_DIGEST, DIGEST, SCRATCH
from benchmark.machine.gpus import visible_gpus
from nnactive.devices import VISIBLE
from nnactive.errors import UserError
from nnactive.io.beside.companions import MANIFEST, folder_of, write_with_companions, written
from nnactive.io.files import write_bytes
from nnactive.io.holders import JOB_VARIABLES
from nnactive.nnunet.training.folders import CACHE, cache_folder
from nnactive.nnunet.training.folders import SCRATCH as NODE
from nnactive.nnunet.training.folders import scratch_folder as node_folder

DEBUG: Final = "NNACTIVE_DEBUG"
SHARED_LOCKS: Final = Path("/locks")
SHARED_CACHE: Final = Path("/cache")
NODE_SCRATCH: Final = Path("/node")
PROXIES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
NETWORK: Final = (*PROXIES, *map(str.lower, PROXIES), "SYNAPSE_AUTH_TOKEN")
"""Environment variables that a download may need."""
CERTIFICATES: Final = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
"""Those that name a file of trusted certificates."""


@dataclass(frozen=True)
class Options:
    """How to run a command."""

    limits: Limits
    gpus: bool
    """Whether it gets the GPUs that this process may use."""
    network: bool
    scratch: Path | None
    """Where to make the folder for temporary files; None: where this machine has them."""


def run_inside(
    runtime: Runtime,
    image: Image,
    handover: Handover,
    options: Options,
    tell: Callable[[str, bool], None],
) -> int:
    """Run a command in a container, and return its exit code.

    Args:
        runtime: runs it.
        image: a benchmark image, perhaps with a layer.
        handover: the command as it is called inside.
        options: limits, GPUs and network.
        tell: takes each line of its output with its end, and whether it came from stderr.

    Raises:
        UserError: it can't be started.
    """
    with scratch_folder(options.scratch) as scratch:
        for target, text in handover.files.items():
            file = scratch / target.relative_to(SCRATCH)
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
        folders = _begin_outputs(handover, scratch)
        container = _container(image, handover, options, scratch)
        for note in runtime.notes(container):
            tell(f"note: {note}\n", True)  # noqa: FBT003
        relay = OutputRelay({**handover.names, PurePosixPath(SCRATCH): str(scratch)}, tell)
        status = runtime.run(container, relay.streams)
        relay.end()
        _end_outputs(handover, scratch, folders)
    return status


def _container(image: Image, handover: Handover, options: Options, scratch: Path) -> Container:
    environment = {**handover.environment, DIGEST: image.digest}
    if image.base:
        environment[BASE_DIGEST] = image.base
    if os.environ.get(DEBUG):
        environment[DEBUG] = os.environ[DEBUG]
    gpus = tuple(gpu.id for gpu in visible_gpus()) if options.gpus else ()
    if VISIBLE in os.environ and not gpus:
        environment[VISIBLE] = ""
    mounts = [*handover.mounts, _writable(scratch, SCRATCH)]
    if gpus:  # shared with runs in other containers, and outside
        locks = gpu_locks()
        locks.mkdir(mode=0o700, exist_ok=True)
        mounts.append(_writable(locks, SHARED_LOCKS))
        environment[LOCKS] = str(SHARED_LOCKS)
        # Kernels that one container compiled serve the next, and never a process outside.
        cache = cache_folder().resolve() / "containers"
        if _makes(cache):
            mounts.append(_writable(cache, SHARED_CACHE))
            environment[CACHE] = str(SHARED_CACHE)
    node = node_folder()
    if node is not None and node.is_dir():
        mounts.append(_writable(node.resolve(), NODE_SCRATCH))
        environment[NODE] = str(NODE_SCRATCH)
    # Leases and histories name the cluster job.
    environment |= {name: os.environ[name] for name in JOB_VARIABLES if os.environ.get(name)}
    if options.network:
        environment |= {name: os.environ[name] for name in NETWORK if os.environ.get(name)}
        for name in CERTIFICATES:
            file = Path(os.environ.get(name) or os.devnull)
            if file.is_file():
                target = PurePosixPath("/certificates") / name.lower()
                mounts.append(Mount(source=to_read(file), target=target))
                environment[name] = str(target)
    return Container(
        image=image,
        arguments=handover.arguments,
        mounts=tuple(mounts),
        environment=environment,
        limits=options.limits,
        gpus=gpus,
        network=options.network,
    )


def _makes(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def _writable(source: Path, target: Path) -> Mount:
    return Mount(source=source, target=PurePosixPath(target), writable=True)


def _begin_outputs(handover: Handover, scratch: Path) -> list[str]:
    """Make the folders of the files to be written, and return their resolved paths."""
    for output in handover.outputs:
        draft = scratch / output.target.relative_to(SCRATCH)
        draft.parent.mkdir(exist_ok=True)
        # Better now than after a week of training.
        check_writable(output.place.parent, output.place.parent)
        if output.seeded and output.place.is_file():
            shutil.copyfile(output.place, draft)
    return [os.path.realpath(output.place.parent) for output in handover.outputs]


def _end_outputs(handover: Handover, scratch: Path, folders: Sequence[str]) -> None:
    """Move the files to their places; a METHOD may have left links that lead elsewhere."""
    for output, folder in zip(handover.outputs, folders, strict=True):
        draft = scratch / output.target.relative_to(SCRATCH)
        beside, names = folder_of(draft), written(folder_of(draft)) if output.companions else ()
        drafts = [draft, beside / MANIFEST, *(beside / name for name in names)]
        wanted = [*map(str, drafts), folder, str(Path(folder, folder_of(output.place).name))]
        found = [*drafts, output.place.parent, folder_of(output.place)]
        if [os.path.realpath(each) for each in found] != wanted:
            raise UserError(
                f"{output.place}: not written, as the container left a link on the way to it; "
                "inspect its METHOD before you run it again"
            )
        if not draft.is_file():
            continue
        content = draft.read_bytes()
        if output.seeded and output.place.is_file() and output.place.read_bytes() == content:
            continue
        if output.companions:
            files = {name: (beside / name).read_bytes() for name in names}
            write_with_companions(output.place, content, files)
        else:
            write_bytes(output.place, content)
