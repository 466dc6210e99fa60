"""The methods that installed packages offer."""

from importlib import metadata
from typing import Final

GROUP: Final = "nnactive.methods"
"""Entry points by which an installed package offers its methods."""


def installed_methods() -> dict[str, metadata.EntryPoint]:
    """Entry points of the installed packages that offer query methods, by name, sorted."""
    found = metadata.entry_points(group=GROUP)
    return {each.name: each for each in sorted(found, key=lambda each: (each.name, each.value))}
