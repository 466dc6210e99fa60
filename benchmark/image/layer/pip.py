"""Calls pip; nothing else does."""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmark.image.layer.judge import Report, Wheel
from benchmark.submission.requirements import MANIFEST
from nnactive.errors import NnactiveError, UserError
from nnactive.io.files import read_model

PIP = (sys.executable, "-I", "-m", "pip")
"""The pip of the image's own Python."""
INSTALL = (
    "install",
    "--quiet",
    "--no-input",
    "--no-cache-dir",
    "--disable-pip-version-check",
    "--only-binary=:all:",  # otherwise a stranger's setup.py would run
)


def would_install(requirements: Sequence[str]) -> Report:
    """What pip would add to this Python for these requirements; nothing is installed.

    Raises:
        UserError: quotes pip if it can't resolve them.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        _run([*INSTALL, "--dry-run", "--report", str(report), *requirements])
        return read_model(report, Report)


def install(wheels: Sequence[Wheel], target: Path) -> None:
    """Install exactly these files into a folder.

    Raises:
        UserError: quotes pip if one of them is no longer available.
    """
    lines = [f"{wheel.requirement} --hash=sha256:{wheel.sha256}\n" for wheel in wheels]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "requirements.txt"
        file.write_text("".join(lines), encoding="utf-8")
        options = ["--no-deps", "--require-hashes", "--target", str(target)]
        _run([*INSTALL, *options, "-r", str(file)])


def _run(arguments: Sequence[str]) -> None:
    done = subprocess.run(
        [*PIP, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if not done.returncode:
        return
    if "No module named pip" in done.stderr:
        raise NnactiveError("this image has no pip, so nothing can be added to it")
    raise UserError(
        f"{MANIFEST}: pip can't install what it pins: {last_line(done.stderr)}; "
        "check that these versions have wheels and that there is a network connection"
    )


def last_line(output: str) -> str:
    """The line of pip's output that says why it failed."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    # It comes after the line that names the packages, and only links to pip's manual.
    causes = [line for line in errors if not line.startswith("ResolutionImpossible")]
    return (causes or errors or lines or ["pip exited without any output"])[-1]
