"""The line in which a command of this program reports an error, for a caller in another process.

The command line writes it (``benchmark.cli.errors``). Whoever runs a command in another process
finds it in that process's output, among whatever else was written there.
"""

from collections.abc import Iterable
from typing import Final

PREFIX: Final = "error: "


def error_line(cause: str) -> str:
    """The line that reports a cause; a line break in a path is shown as backslash and n."""
    return PREFIX + "\\n".join(cause.splitlines())


def reported_cause(lines: Iterable[str]) -> str | None:
    """The last cause that a process reported; None: it reported none.

    >>> reported_cause(["loading", "error: a.py: no such file", "exit status 2"])
    'a.py: no such file'
    """
    causes = [line.removeprefix(PREFIX) for line in lines if line.startswith(PREFIX)]
    return causes[-1] if causes else None
