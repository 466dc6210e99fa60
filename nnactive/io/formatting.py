"""Format sizes and shell commands for messages."""

import shlex
from collections.abc import Iterable
from pathlib import Path

UNITS = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))
MINUTE = 60
HOUR = 3600
DATA = Path("data")
"""Default folder of the datasets."""


def size(count: float) -> str:
    """A number of bytes with its unit.

    >>> size(512), size(3 * 1024**2), size(2452590457)
    ('512 bytes', '3.0 MiB', '2.3 GiB')
    """
    for unit, name in UNITS:
        if count >= unit:
            return f"{count / unit:.1f} {name}"
    return f"{count:.0f} bytes"


def duration(seconds: float) -> str:
    """A duration in words.

    >>> duration(42), duration(200), duration(9000)
    ('42 s', '3 min', '2 h 30 min')
    """
    seconds = round(seconds)
    if seconds < MINUTE:
        return f"{seconds} s"
    if seconds < HOUR:
        return f"{seconds / MINUTE:.0f} min"
    return f"{int(seconds // HOUR)} h {int(seconds % HOUR // MINUTE)} min"


def command(words: str, data: Path) -> str:
    """A command for the datasets in ``data``, ready to paste into a shell.

    >>> command("data prepare acdc", Path("my data"))
    "nnactive-bench data prepare acdc --data 'my data'"
    >>> command("data prepare acdc", DATA)
    'nnactive-bench data prepare acdc'
    """
    place = "" if data == DATA else f" --data {shlex.quote(str(data))}"
    return f"nnactive-bench {words}{place}"


def numbers(values: Iterable[float], separator: str = ", ") -> str:
    """Numbers without trailing zeros.

    >>> numbers((5.0, 1.5625))
    '5, 1.5625'
    """
    return separator.join(f"{value:g}" for value in values)
