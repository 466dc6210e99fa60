"""What every box holds: this Python, its packages, the benchmark's code and system libraries."""

import os
import sys
from pathlib import Path
from typing import Final

from benchmark.image.record import HOME
from benchmark.submission.alone import own_packages

SYSTEM: Final = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/alternatives",
    "/etc/localtime",
    "/sys/devices/system/cpu",
    "/sys/devices/system/node",
)
"""Of the operating system: programs, libraries, the time zone, and how many cores there are."""
PACKAGES: Final = ("site-packages", "dist-packages")
"""Names of folders that hold installed packages; others in the search path may be anybody's."""
LIBRARIES: Final = "LD_LIBRARY_PATH"
NOT_NEEDED: Final = "leaderboard"
"""The package that no method's process imports."""


def installation() -> tuple[Path, ...]:
    """Files and folders that a box holds, absolute, each of which exists.

    Of a checkout these are the packages alone: runs and data may lie beside them.
    """
    pythons = (sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix)
    found = [Path(each) for each in (*SYSTEM, *pythons, *_library_folders())]
    found.append(HOME / "layer")
    found += [folder for folder in own_packages() if folder.name != NOT_NEEDED]
    found += [Path(entry) for entry in sys.path if Path(entry).name in PACKAGES]
    return tuple(dict.fromkeys(each.absolute() for each in found if each.exists()))


def _library_folders() -> list[str]:
    """Folders of shared libraries that the environment names, as a cluster's modules do."""
    return [each for each in os.environ.get(LIBRARIES, "").split(":") if Path(each).is_absolute()]
