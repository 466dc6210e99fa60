"""How long work on a dataset reports its progress: preparing, verifying, measuring structures."""

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called in the caller's thread with a stage, the cases done and their number."""
