"""Whether this user may limit what a program uses: the system lends control groups, or doesn't."""

import os
from pathlib import Path
from typing import Final

CGROUPS: Final = Path("/sys/fs/cgroup")
SYSTEMD: Final = Path("/run/systemd/system")


def can_set_limits(groups: Path = CGROUPS, systemd: Path = SYSTEMD) -> bool:
    """Whether Apptainer can limit a container: systemd has to lend it a control group."""
    user = os.getuid()
    own = groups if user == 0 else groups / f"user.slice/user-{user}.slice/user@{user}.service"
    try:
        lent = (own / "cgroup.controllers").read_text(encoding="utf-8").split()
    except OSError:
        return False
    bus = user == 0 or "DBUS_SESSION_BUS_ADDRESS" in os.environ
    return systemd.is_dir() and bus and {"cpu", "memory", "pids"} <= set(lent)
