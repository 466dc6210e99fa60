"""What a stage has found out about each case, on disk every few seconds: a kill doesn't take it."""

import hashlib
import json
import pickle
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from nnactive.io.files import write_bytes

SECONDS: Final = 5.0
"""Between two writes; a stage that is over sooner writes nothing."""
FOLDER: Final = "done"
"""Folder of all memos, in the scratch folder."""


class Memo:
    """Results by case of one stage of a preparation, in parts that are only ever added."""

    def __init__(
        self, folder: Path, key: Callable[[str], str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Read what earlier attempts have found.

        Args:
            folder: the stage's folder; is made once there is something to keep.
            key: what a case's result depends on; a result with another key isn't used.
            clock: seconds.
        """
        self._folder, self._key, self._clock = folder, key, clock
        self._pending: dict[str, tuple[str, Any]] = {}
        self._written = clock()
        self._found: dict[str, tuple[str, Any]] = {}
        parts = sorted(folder.glob("*.pickle"))
        self._number = int(parts[-1].stem) + 1 if parts else 0
        for part in parts:
            self._found |= _read(part)

    def has(self, case: str) -> bool:
        """Whether an earlier attempt has found what is asked now."""
        return case in self._found and self._found[case][0] == self._key(case)

    def get(self, case: str) -> Any:
        """The result of an earlier attempt, if it `has` one."""
        return self._found[case][1]

    def add(self, case: str, result: object) -> None:
        """Note a result, and write those that wait for it if it is time."""
        self._pending[case] = (self._key(case), result)
        if self._clock() - self._written >= SECONDS:
            write_bytes(self._folder / f"{self._number:06d}.pickle", pickle.dumps(self._pending))
            self._number += 1
            self._pending = {}
            self._written = self._clock()


def key_of(parts: object) -> str:
    """SHA-256, in hexadecimal, of what JSON can hold."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _read(part: Path) -> dict[str, tuple[str, Any]]:
    try:
        found: dict[str, tuple[str, Any]] = pickle.loads(part.read_bytes())  # noqa: S301  (own file)
    except Exception:  # noqa: BLE001  (whatever a broken pickle raises: find it out again)
        return {}
    return found
