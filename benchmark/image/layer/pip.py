"""The only place that calls pip, and that knows where it is."""

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
    "--only-binary=:all:",  # else a stranger's setup.py would run
)


def would_install(requirements: Sequence[str]) -> Report:
    """What pip would add to this Python for these requirements; nothing is installed.

    Raises:
        UserError: pip's last word if it finds no way.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        _run([*INSTALL, "--dry-run", "--report", str(report), *requirements])
        return read_model(report, Report)


def install(wheels: Sequence[Wheel], target: Path) -> None:
    """Put exactly these files into a folder of their own.

    Raises:
        UserError: pip's last word if one of them isn't to be had any more.
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
        raise NnactiveError("this image has no pip, so that nothing can be added to it")
    raise UserError(
        f"{MANIFEST}: pip can't install what it pins: {last_word(done.stderr)}; "
        "see that these versions have wheels and that there is a network"
    )


def last_word(output: str) -> str:
    """Pip's own last line on an error."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    # Behind the line that names the packages, pip says where to read on.
    told = [line for line in errors if not line.startswith("ResolutionImpossible")]
    return (told or errors or lines or ["it ended without a word"])[-1]
