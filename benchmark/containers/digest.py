"""The SHA-256 of an Apptainer image, computed once, as its file has gigabytes."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from nnactive.errors import UserError
from nnactive.io.files import read_json, sha256, write_json
from nnactive.io.formatting import size

LARGE: Final = 1 << 30
"""Bytes that take a while."""


def sif_digest(file: Path, say: Callable[[str], None]) -> str:
    """``sha256:`` and the digits of a file's SHA-256; kept until its size or time changes.

    ``say`` is told where that takes a while.
    """
    stat = file.stat()
    key = {"size": stat.st_size, "time": stat.st_mtime_ns, "inode": stat.st_ino}
    known, place = _known(), str(file.resolve())
    entry = known.get(place)
    if isinstance(entry, dict) and entry.items() >= key.items() and "digest" in entry:
        return str(entry["digest"])
    if stat.st_size > LARGE:
        say(f"{file}: computing its digest, once ({size(stat.st_size)})")
    digest = f"sha256:{sha256(file)}"
    # Where it can't be kept, it is computed again next time.
    with suppress(OSError, RuntimeError):
        write_json(cache_file(), {**known, place: {**key, "digest": digest}})
    return digest


def _known() -> dict[str, Any]:
    try:
        content = read_json(cache_file())
    except (UserError, OSError, RuntimeError):
        return {}
    return content if isinstance(content, dict) else {}


def cache_file() -> Path:
    """Where the digests are kept, in the user's cache folder; a ``RuntimeError`` without one."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "nnactive-bench" / "images.json"
