"""What takes long to make and follows from its sources alone, kept in the user's cache folder.

Entries are bytes by a key that names all that they follow from; whatever is wrong with the cache,
its user makes them again, so that it changes no output. It is one SQLite file, which several
builds may use at once.
"""

import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from nnactive.nnunet.training.folders import CACHE, cache_folder

FOLDER: Final = "leaderboard"
"""Below the folder of the user's caches."""
FILE: Final = "kept.sqlite3"
MOST_BYTES: Final = 512 << 20
"""Of all entries together; those that were not used for longest go first. A result of
Hippocampus' size takes about 2 KiB."""
PATIENCE: Final = 10.0
"""Seconds to wait for another build that is writing."""
OTHERS_WRITE: Final = 0o022
DAY: Final = 86_400

_TABLE: Final = (
    """CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, content BLOB NOT NULL,
    digest BLOB NOT NULL, size INTEGER NOT NULL, used INTEGER NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS by_use ON kept (used, size)",
)


class Cache:
    """Bytes by key; reading or writing never fails, it only finds or keeps nothing."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self.path = folder / FILE
        self._most = most_bytes
        self._connection: sqlite3.Connection | None = None
        self._process = 0

    def __getstate__(self) -> dict[str, object]:
        """For another process, which opens a connection of its own."""
        return {**vars(self), "_connection": None}

    def get(self, key: str) -> bytes | None:
        """What is kept by a key; None where nothing is, or where it is damaged."""
        try:
            found = (
                self._open()
                .execute("SELECT content, digest FROM kept WHERE key = ?", (key,))
                .fetchone()
            )
        except sqlite3.Error:
            return None
        if found is None or not all(isinstance(each, bytes) for each in found):
            return None
        content, digest = found
        return content if _digest(key, content) == digest else None

    def keep(self, made: Iterable[tuple[str, bytes]], used: Iterable[str] = ()) -> None:
        """Keep what was made, and remember which of the other entries were used."""
        today = int(time.time()) // DAY
        rows = [(key, each, _digest(key, each), len(each), today) for key, each in made]
        marks = [(today, key, today) for key in used]
        with suppress(sqlite3.Error), self._open() as transaction:
            transaction.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?, ?)", rows)
            transaction.executemany("UPDATE kept SET used = ? WHERE key = ? AND used < ?", marks)
            self._make_room(transaction)

    def prepare(self) -> None:
        """Make the file where there is none, and begin anew where it is damaged.

        Raises:
            OSError: It can't be written, or others than the user may write to it.
        """
        folder = self.path.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_own(folder)
        try:
            self._make()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise OSError(str(error)) from error
            self.path.unlink(missing_ok=True)
            self._make()

    def _make(self) -> None:
        with closing(self._connect()) as connection, connection:
            for statement in _TABLE:
                connection.execute(statement)
            connection.execute("DELETE FROM kept WHERE key = ''")  # fails where it can't write
        self.path.chmod(0o600)
        _check_own(self.path)

    def _open(self) -> sqlite3.Connection:
        """The connection of this process: one must not be used on the other side of a fork."""
        if self._connection is None or self._process != os.getpid():
            self._connection, self._process = self._connect(), os.getpid()
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=PATIENCE)

    def _make_room(self, connection: sqlite3.Connection) -> None:
        """Remove the entries that were not used for longest until the others fit."""
        (total,) = connection.execute("SELECT COALESCE(SUM(size), 0) FROM kept").fetchone()
        if total <= self._most:
            return
        gone = []
        for row, size in connection.execute("SELECT rowid, size FROM kept ORDER BY used, rowid"):
            if total <= self._most:
                break
            gone.append((row,))
            total -= size
        connection.executemany("DELETE FROM kept WHERE rowid = ?", gone)


def user_cache(tell: Callable[[str], object]) -> Cache | None:
    """The user's cache; None, and one line to ``tell``, where it can't be used."""
    cache = Cache(cache_folder() / FOLDER)
    try:
        cache.prepare()
    except (OSError, RuntimeError, sqlite3.Error) as error:  # RuntimeError: there is no home
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        tell(
            f"results are not cached, {cache.path.parent}: {reason}; "
            f"set {CACHE} to a folder that you can write to"
        )
        return None
    return cache


def key_of(*parts: str) -> str:
    """One key of all that an entry follows from."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _digest(key: str, content: bytes) -> bytes:
    return hashlib.sha256(key.encode() + b"\0" + content).digest()


def _check_own(path: Path) -> None:
    found = path.stat()
    if found.st_uid != os.geteuid():
        raise OSError(f"{path.name} belongs to another user")
    if found.st_mode & OTHERS_WRITE:
        raise OSError(f"other users can write to {path.name}")
