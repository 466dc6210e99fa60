"""The errors that a user sees: one line each, with an exit code."""

import errno
from pathlib import Path

FULL = {errno.ENOSPC, errno.EDQUOT}
"""Error numbers of a failed write when the disk is full."""
REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}
"""Other error numbers of a failed read or write that the user can fix."""


def refusal(error: OSError, place: Path | str) -> str:
    """Message for an error whose number is in ``REFUSED``; ``place`` if it names no file itself."""
    return f"{error.filename or place}: {error.strerror}; allow it or choose another folder"


def described(error: BaseException) -> str:
    """Type and message of an exception on one line."""
    return " ".join(f"{type(error).__name__}: {error}".split()).rstrip(": ")


def check_name(name: str) -> None:
    """Refuse a path that no JSON file can hold, and that makes ITK end the process.

    Raises:
        UserError: it isn't in UTF-8.
    """
    try:
        name.encode()
    except UnicodeEncodeError:
        shown = name.encode(errors="surrogateescape").decode(errors="backslashreplace")
        raise UserError(
            f"{shown}: not in UTF-8, as the names of all files must be; rename it"
        ) from None


class NnactiveError(Exception):
    """A failure that the user did not cause; ends a command with exit code 1."""

    exit_code = 1


class UserError(NnactiveError):
    """An error the user can fix; ends a command with exit code 2."""

    exit_code = 2


class PredictionError(UserError):
    """An ensemble whose output is unusable; its members must be trained again."""


class MethodError(UserError):
    """A query method that broke its contract; its experiment fails, others go on."""


class Stopped(NnactiveError):  # noqa: N818  (not an error)
    """A step that was asked to stop and has saved what it had; run it again, it isn't a failure."""

    exit_code = 75
    """As `benchmark.execution.statuses.UNFINISHED`."""


class RefusedError(UserError):
    """An input that only the user can fix, such as a damaged file of a prepared dataset."""


class DamagedError(NnactiveError):
    """An output that is not what its step wrote; it was set aside and is to be made again."""

    exit_code = 65
    """As `benchmark.execution.statuses.DAMAGED`."""
