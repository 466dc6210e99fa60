"""A METHOD: its string, its class, its file and the packages it requires."""

from typing import Any, Final

OFFERED: Final = ("describe", "freeze", "load_method")
"""Functions of ``spec`` that other programs import from here."""


def __getattr__(name: str) -> Any:
    """Import one of them when it is asked for: the command line starts without."""
    if name not in OFFERED:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    from benchmark.submission import spec

    return getattr(spec, name)
