"""Folders of this machine that trainings use: the user's caches, and the node's scratch."""

import os
from pathlib import Path
from typing import Final

CACHE: Final = "NNACTIVE_CACHE"
"""Environment variable that names the folder of caches."""
SCRATCH: Final = "NNACTIVE_SCRATCH"
"""Environment variable that names a folder on this machine for work in progress."""


def cache_folder() -> Path:
    """The folder of this user's caches: ``$NNACTIVE_CACHE``, else where the system has them."""
    given = os.environ.get(CACHE)
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nnactive"


def scratch_folder() -> Path | None:
    """The node's folder for work in progress; None: there is none."""
    given = os.environ.get(SCRATCH)
    return Path(given) if given else None
