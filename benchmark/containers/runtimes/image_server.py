"""Keeps an image readable while a container saves, when a scheduler signals all processes of a job.

Without root's rights, Apptainer serves an image by a process of squashfuse, which ends at the first
SIGTERM: whatever the container then reads of the image is gone. It respects a signal that it was
started to ignore; as Apptainer passes on no such thing, it finds a script in its place.
"""

import os
import shlex
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

from nnactive.io.files import write_text

PROGRAM: Final = "squashfuse_ll"
SCRIPT: Final = """#!/bin/sh
# What runs in the container needs its image until it has saved.
trap '' HUP INT TERM USR1
exec {program} "$@"
"""


def steadied(path: str, folder: Path) -> str:
    """A PATH by which Apptainer finds a server that heeds no signals; ``path`` if there is none.

    It still ends with its container.

    Args:
        path: the caller's PATH.
        folder: where to write the script; this user's alone.
    """
    kept = [each for each in path.split(os.pathsep) if each != str(folder)]
    program = shutil.which(PROGRAM, path=os.pathsep.join(kept))
    script = folder / PROGRAM
    if program is None:
        return path
    text = SCRIPT.format(program=shlex.quote(program))
    with suppress(OSError):
        if not script.is_file() or script.read_text(encoding="utf-8") != text:
            write_text(script, text)
            script.chmod(0o755)
    # False where the file system allows no programs.
    usable = os.access(script, os.X_OK)
    return os.pathsep.join([str(folder), *kept]) if usable else path
