"""What to do where a kind of isolation doesn't work."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from nnactive.answers.isolation import Isolation

SETTINGS: Final = (
    "kernel.apparmor_restrict_unprivileged_userns",
    "kernel.unprivileged_userns_clone",
    "user.max_user_namespaces",
)
"""Of the kernel, as ``sysctl`` calls them: each may keep users from making namespaces."""


def kernel_settings() -> dict[str, str]:
    """Those of `SETTINGS` that this kernel has."""
    found = {}
    for name in SETTINGS:
        with suppress(OSError):
            text = Path("/proc/sys", *name.split(".")).read_text(encoding="ascii")
            found[name] = text.strip()
    return found


def remedy(way: Isolation, reason: str, settings: Mapping[str, str]) -> str:
    """How to get a kind of isolation to work; empty if nothing is known.

    Args:
        way: the kind.
        reason: why it doesn't work.
        settings: of the kernel, by `SETTINGS`.
    """
    if way != "bubblewrap" or "on Linux alone" in reason:
        return ""
    if "not installed" in reason:
        return "install it: apt install bubblewrap"
    if settings.get("kernel.apparmor_restrict_unprivileged_userns") == "1":
        return (
            "AppArmor keeps users from making namespaces; ask an administrator for its profile "
            "bwrap-userns-restrict, or for sysctl kernel.apparmor_restrict_unprivileged_userns=0"
        )
    if settings.get("kernel.unprivileged_userns_clone") == "0":
        return "ask an administrator for sysctl kernel.unprivileged_userns_clone=1"
    if settings.get("user.max_user_namespaces") == "0":
        return "ask an administrator for sysctl user.max_user_namespaces=15000"
    return "in most containers it can't; Landlock can"
