"""The SHA-256 of an Apptainer image, computed once, as its file has gigabytes."""

import os
from pathlib import Path
from typing import Any

from nnactive.errors import UserError
from nnactive.files import read_json, sha256, write_json


def sif_digest(file: Path) -> str:
    """``sha256:`` and the digits of a file's SHA-256; kept until its size or time changes."""
    stat = file.stat()
    key = {"size": stat.st_size, "time": stat.st_mtime_ns, "inode": stat.st_ino}
    kept, known = cache_file(), {}
    place = str(file.resolve())
    try:
        known = read_json(kept)
    except (UserError, OSError):
        known = {}
    entry: Any = known.get(place) if isinstance(known, dict) else None
    if isinstance(entry, dict) and entry.items() >= key.items() and "digest" in entry:
        return str(entry["digest"])
    digest = f"sha256:{sha256(file)}"
    content = known if isinstance(known, dict) else {}
    try:
        write_json(kept, {**content, place: {**key, "digest": digest}})
    except OSError:
        # It is computed again next time.
        return digest
    return digest


def cache_file() -> Path:
    """Where the digests are kept, in the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "nnactive-bench" / "images.json"
