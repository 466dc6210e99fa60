"""Relays a container's output, with the host's names for paths inside."""

import re
import threading
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

from benchmark.containers.container import Streams


class OutputRelay:
    """Passes on whole lines, with paths inside replaced by the names that the user gave."""

    def __init__(
        self, names: Mapping[PurePosixPath, str], tell: Callable[[str, bool], None]
    ) -> None:
        """Set up a relay.

        Args:
            names: the host's name of each path inside.
            tell: takes each line with its end, and whether it came from stderr.
        """
        self._names = {str(inside): name for inside, name in names.items()}
        longest_first = sorted(self._names, key=len, reverse=True)
        paths = "|".join(map(re.escape, longest_first)) or r"(?!)"
        # DIR:/data in a hint on mounts, and /data in a longer path, are left alone.
        self._pattern = re.compile(rf"(?<![\w./:-])(?:{paths})(?=[^\w.-]|\.?(?:\s|$))")
        self._tell = tell
        self._lock = threading.Lock()
        self._rest = {False: b"", True: b""}
        self._muted = False

    @property
    def streams(self) -> Streams:
        """Takes the container's output."""
        return Streams(
            out=lambda data: self._take(data, err=False),
            err=lambda data: self._take(data, err=True),
            mute=self._mute,
        )

    def end(self) -> None:
        """Pass on a last line without a line break."""
        for err, rest in self._rest.items():
            if rest:
                self._pass_on(rest, err=err)
        self._rest = {False: b"", True: b""}

    def _mute(self) -> None:
        with self._lock:
            self._muted = True

    def _take(self, data: bytes, *, err: bool) -> None:
        *lines, self._rest[err] = (self._rest[err] + data).split(b"\n")
        for line in lines:
            self._pass_on(line + b"\n", err=err)

    def _pass_on(self, line: bytes, *, err: bool) -> None:
        text = self._pattern.sub(
            lambda found: self._names[found[0]], line.decode("utf-8", errors="replace")
        )
        with self._lock:
            if not self._muted:
                self._tell(text, err)
