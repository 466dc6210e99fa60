"""The errors that a user sees: one line each, with an exit code."""

import errno
from pathlib import Path

FULL = {errno.ENOSPC, errno.EDQUOT}
"""The system's reasons for not writing a file where the disk is full."""
REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}
"""Its other reasons for not writing or reading a file that a user can mend."""


def refusal(error: OSError, place: Path | str) -> str:
    """What to tell of an error whose reason is among ``REFUSED``; it may name no file itself."""
    return f"{error.filename or place}: {error.strerror}; allow it or choose another folder"


class NnactiveError(Exception):
    """A failure that is nobody's mistake; ends a command with exit code 1."""

    exit_code = 1


class UserError(NnactiveError):
    """A mistake the user can mend; ends a command with exit code 2."""

    exit_code = 2


class PredictionError(UserError):
    """An ensemble that predicts what can't be used; its members must be trained again."""


class MethodError(UserError):
    """A query method that broke its contract; its experiment fails, others go on."""
