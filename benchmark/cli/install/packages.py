"""Install the locked packages into a virtual environment, and say how far that is."""

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmark.cli.install.output import Course, bytes_below, size
from benchmark.cli.progress import Beat
from benchmark.cli.waits import followed, say
from nnactive.io.formatting import duration

DISK: Final = 7.4e9
"""Bytes that the locked packages take, as modules and compiled; measured on Linux x86-64."""
DOWNLOAD: Final = 3.4e9
"""Bytes of their wheels."""
LOG: Final = "install.log"
TAIL: Final = 15
"""Lines of a tool's output that are shown where it failed."""
TAKES: Final = {"uv": "1 to 3 min", "pip": "about 4 min"}
"""Measured with 500 Mbit/s and two cores."""
STARTS: Final = 10
"""Seconds in which uv says its version, or it counts as broken."""
WARM: Final = "from leaderboard.page.libraries import install; install()"
"""Saves the first page the second that packing its charts takes."""
SETTINGS: Final = ("index-url", "extra-index-url", "find-links", "no-index")
"""What pip may be told of where packages are; uv reads none of it."""


class NotInstalledError(Exception):
    """What went wrong in one line; exit code 1 for a failure, 2 for what the user can fix."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


def main(arguments: Sequence[str] | None = None) -> int:
    """Install, and return the exit code."""
    parser = argparse.ArgumentParser(prog="benchmark.cli.install", description=__doc__)
    parser.add_argument("venv", type=Path)
    parser.add_argument("lock", type=Path)
    parser.add_argument("--uv", default="", help="Path of uv; without it pip installs.")
    given = parser.parse_args(arguments)
    began = time.monotonic()
    try:
        install(given.venv, given.lock, given.uv)
    except NotInstalledError as error:
        say(f"error: {error}")
        return error.status
    except KeyboardInterrupt:
        say("interrupted; run the same command to continue")
        return 130
    say(f"{given.venv}: ready after {duration(time.monotonic() - began)}")
    return 0


def install(venv: Path, lock: Path, uv: str) -> None:
    """Make the environment, install the locked packages by hash, and this checkout editable.

    Raises:
        NotInstalledError: too little room, or a tool failed.
    """
    count = len(
        re.findall(r"^[\w.-]+(?:\[[^]]*\])?==", lock.read_text(encoding="utf-8"), re.MULTILINE)
    )
    uv, why = usable(uv)
    tool = "uv" if uv else "pip"
    say(
        f"{venv}: {count} packages with {tool}{why} for Python {sys.version.split()[0]}: "
        f"{size(DOWNLOAD)} to download, {size(DISK)} on disk "
        f"({size(shutil.disk_usage(venv.absolute().parent).free)} free); "
        f"{TAKES[tool]} on a fast connection, 10 min with 50 Mbit/s"
    )
    check_room(venv, downloads=not uv)
    new = ["--clear"] if _other_python(venv) else []
    _run("the environment", [sys.executable, "-m", "venv", *new, str(venv)], venv, Course(0))
    options = ["--no-deps", "--require-hashes", "-r", str(lock)]
    if uv:
        words = [uv, "pip", "install", "--python", str(venv), "--compile-bytecode", *options]
        try:
            _run("uv", words, venv, Course(count, venv=venv))
        except NotInstalledError as error:
            say(f"note: {error}; pip goes on")
            uv = ""
    pip = [str(venv / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install"]
    if not uv:
        course = Course(count, DOWNLOAD, venv, DISK)
        _run("pip", [*pip, "--progress-bar", "off", *options], venv, course)
    words = [*pip, "--no-deps", "--no-build-isolation", "-e", "."]
    _run("this checkout", words, venv, Course(0))
    try:
        _run("the page's charts", [str(venv / "bin" / "python"), "-c", WARM], venv, Course(0))
    except NotInstalledError as error:
        say(f"note: {error}; each user's first page packs them")


def usable(uv: str) -> tuple[str, str]:
    """The uv to use, empty for pip; and in brackets why pip is used though there is a uv."""
    if not uv:
        return "", ""
    try:
        subprocess.run([uv, "--version"], capture_output=True, check=True, timeout=STARTS)
    except (OSError, subprocess.SubprocessError):
        return "", " (uv does not start)"
    words = [sys.executable, "-m", "pip", "config", "list"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    told = sorted({name for name in SETTINGS if re.search(rf"[.]{name}=", done.stdout)})
    mine = any(name.startswith("UV_") and "INDEX" in name for name in os.environ)
    return ("", f" (which is told its {told[0]}, unlike uv)") if told and not mine else (uv, "")


def check_room(venv: Path, *, downloads: bool) -> None:
    """Refuse a disk on which the packages have no room.

    Args:
        venv: the environment; what an interrupted installation left there counts as done.
        downloads: whether the wheels lie in the folder of temporary files meanwhile.

    Raises:
        NotInstalledError: names the folder, what it needs and what is free.
    """
    needs: dict[int, float] = {}
    named: dict[int, Path] = {}
    places = [(venv.absolute().parent, max(DISK - bytes_below(venv), 0))]
    if downloads and places[0][1]:
        places.append((Path(tempfile.gettempdir()), DOWNLOAD))
    for folder, more in places:
        device = folder.stat().st_dev
        named.setdefault(device, folder)
        needs[device] = needs.get(device, 0) + more
    for device, need in needs.items():
        free = shutil.disk_usage(named[device]).free
        if free < need:
            way_out = "set TMPDIR" if named[device] != places[0][0] else "clone elsewhere"
            raise NotInstalledError(
                f"{named[device]}: needs {size(need)}, {size(free)} free; "
                f"free some space there, or {way_out}",
                status=2,
            )


def _other_python(venv: Path) -> bool:
    """Whether there is an environment of another version of Python, which is made anew."""
    try:
        text = (venv / "pyvenv.cfg").read_text(encoding="utf-8")
    except OSError:
        return False
    version = re.search(r"^version(?:_info)? = (\d+[.]\d+)", text, re.MULTILINE)
    return version is not None and version[1] != ".".join(map(str, sys.version_info[:2]))


def _run(tool: str, words: Sequence[str], venv: Path, course: Course) -> None:
    """Run a tool; a line every few seconds says how far it is.

    Raises:
        NotInstalledError: it failed; its last lines are shown.
    """
    beat = Beat(time.monotonic(), most=5)
    lines: list[str] = []

    def read(line: str) -> None:
        lines.append(line)
        course.read(line, time.monotonic())

    def look() -> None:
        now = time.monotonic()
        if beat.due(now):
            minutes, seconds = divmod(round(now - beat.start), 60)
            say(f"{tool}, {minutes}:{seconds:02d} so far: {course.told(now)}")

    status = followed(words, read, look)
    if venv.is_dir():
        with (venv / LOG).open("a", encoding="utf-8") as log:
            log.write("\n".join([shlex.join(words), *lines, ""]))
    if status:
        say("\n".join(lines[-TAIL:]))
        raise NotInstalledError(f"{tool} failed ({status}); its output: {venv / LOG}", status=1)
