"""The line in which a command of this program tells its caller why it failed.

The command line writes it (``benchmark.cli.errors``); whoever runs a command in another process
reads it from the output, among whatever else that process and its libraries wrote.
"""

from collections.abc import Iterable
from typing import Final

PREFIX: Final = "error: "


def error_line(cause: str) -> str:
    """The line that tells a cause."""
    return f"{PREFIX}{cause}"


def told_cause(lines: Iterable[str]) -> str | None:
    """The cause that a process told last; None: it told none.

    >>> told_cause(["loading", "error: a.py: no such file", "exit status 2"])
    'a.py: no such file'
    """
    told = [line.removeprefix(PREFIX) for line in lines if line.startswith(PREFIX)]
    return told[-1] if told else None
