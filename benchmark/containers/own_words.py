"""What Apptainer itself says on stderr, apart from what comes from inside."""

import re
from collections.abc import Callable
from typing import Final

OWN_WORDS: Final = re.compile(rb"(FATAL|ERROR|WARNING|INFO)\s*:\s")
COLOURS: Final = re.compile(rb"\x1b\[[0-9;]*m")


class Errors:
    """Passes errors on, but for what Apptainer itself says before the container starts."""

    def __init__(self, tell: Callable[[bytes], None]) -> None:
        """Take who is told of what comes from inside."""
        self.cause = ""
        """Why it won't start, in its last words on that."""
        self.inside = False
        """Whether what runs in the container said something."""
        self._tell = tell
        self._rest = b""

    def __call__(self, data: bytes) -> None:
        """Take what came."""
        if self.inside:
            self._tell(data)
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for number, line in enumerate(lines):
            plain = COLOURS.sub(b"", line)
            found = OWN_WORDS.match(plain)
            if not found and (plain or not line):
                self.inside = True
                self._tell(b"\n".join([*lines[number:], self._rest]))
                self._rest = b""
                return
            # Its starter says ERROR, and ends with 1.
            if found and found[1] in {b"FATAL", b"ERROR"}:
                self.cause = " ".join(plain[found.end() :].decode(errors="replace").split())

    def end(self) -> None:
        """Pass on what is left."""
        if COLOURS.sub(b"", self._rest):
            self._tell(self._rest)
