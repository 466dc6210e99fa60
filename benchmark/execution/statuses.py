"""Exit statuses of jobs and shards, beside 0, 1 (a failure) and 2 (the user's mistake)."""

from typing import Final

UNFINISHED: Final = 75
"""Stopped before its end with everything saved (EX_TEMPFAIL): run it again, it isn't a failure."""
DAMAGED: Final = 65
"""An input is not what its step wrote (EX_DATAERR): it was set aside, and is to be made again."""
