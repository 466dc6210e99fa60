"""What a container says, with the host's names for the places inside it."""

import re
import threading
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

from benchmark.containers.container import Streams


class Speech:
    """Passes on whole lines, with places inside named as the user named them."""

    def __init__(
        self, names: Mapping[PurePosixPath, str], tell: Callable[[str, bool], None]
    ) -> None:
        """Take the host's name by place inside, and who is told: a line, whether of stderr."""
        self._names = {str(inside): name for inside, name in names.items()}
        longest_first = sorted(self._names, key=len, reverse=True)
        places = "|".join(map(re.escape, longest_first)) or r"(?!)"
        # DIR:/data in a hint on mounts, and /data in a longer path, are no such place.
        self._pattern = re.compile(rf"(?<![\w./:-])(?:{places})(?=[^\w.-]|\.?(?:\s|$))")
        self._tell = tell
        self._lock = threading.Lock()
        self._rest = {False: b"", True: b""}
        self._silent = False

    @property
    def streams(self) -> Streams:
        """Where the container's output is to go."""
        return Streams(
            out=lambda data: self._take(data, err=False),
            err=lambda data: self._take(data, err=True),
            hush=self._hush,
        )

    def end(self) -> None:
        """Pass on a last line that has no end."""
        for err, rest in self._rest.items():
            if rest:
                self._say(rest, err=err)
        self._rest = {False: b"", True: b""}

    def _hush(self) -> None:
        with self._lock:
            self._silent = True

    def _take(self, data: bytes, *, err: bool) -> None:
        *lines, self._rest[err] = (self._rest[err] + data).split(b"\n")
        for line in lines:
            self._say(line + b"\n", err=err)

    def _say(self, line: bytes, *, err: bool) -> None:
        text = self._pattern.sub(
            lambda found: self._names[found[0]], line.decode("utf-8", errors="replace")
        )
        with self._lock:
            if not self._silent:
                self._tell(text, err)
