"""Hash a frozen copy in a process of its own, which hostile code can only end.

Arguments: the folder of the bundle, and the file to write: ``hash``, the digest and the
requirements, a line each; or ``error`` and a line.
"""

import resource
import sys
from pathlib import Path
from typing import Final

from benchmark.bundles import places
from benchmark.bundles.bounded import read_bounded
from benchmark.bundles.limits import largest
from benchmark.bundles.read import Bundle
from benchmark.bundles.record import BundleRecord
from benchmark.submission.files.frozen import FILES
from nnactive.errors import UserError

MEMORY: Final = 2 << 30
CPU_SECONDS: Final = 100
LARGEST_MODULE: Final = 2 << 20
"""Bytes of one file of code."""


def main(folder: Path) -> list[str]:
    """What there is to say of a bundle's frozen copy.

    Raises:
        UserError: if it isn't the one that the method's record describes.
    """
    record = read_bounded(folder / places.RECORD, BundleRecord, largest(str(places.RECORD)))
    bundle = Bundle(folder, record, places.CODE)
    copy = bundle.code
    if copy is None:
        raise UserError("there is none")
    for name in copy.bundle.files:
        path = copy.path(name)
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise UserError(f"{name!r:.80} leaves the folder")
        if name.endswith(".py") and path.is_file() and path.stat().st_size > LARGEST_MODULE:
            raise UserError(f"{FILES}/{name} is larger than {LARGEST_MODULE >> 20} MiB")
    bundle.check_code()
    return [copy.bundle.digest, *copy.bundle.requirements]


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        lines = ["hash", *main(Path(sys.argv[1]))]
    except (UserError, OSError) as error:
        lines = ["error", " ".join(str(error).replace(f"{sys.argv[1]}/", "").split())]
    Path(sys.argv[2]).write_text("\n".join(lines), encoding="utf-8")
