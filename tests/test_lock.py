"""The locked packages are there for each Python that ``make venv`` accepts.

Not for 3.14: immutables 0.21, which Snakemake needs, has no wheel for it.
"""

import re
import subprocess
import sysconfig
import tomllib
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
VERSIONS: Final = ("3.11", "3.12", "3.13")
EXTRAS: Final = {"requirements.lock": "drive", "requirements-dev.lock": "dev"}
LOCKS: Final = (*EXTRAS, "requirements-cuda12.lock")
FROM_SOURCE: Final = {"acvl-utils", "connection-pool"}
"""Published without wheels; all their code is Python, so they can be built for any version."""
NETLESS: Final = ("dns error", "error sending request", "Connection refused", "timed out")


def pins(text: str) -> dict[str, str]:
    """Versions by package."""
    return dict(re.findall(r"^([\w.-]+)(?:\[[^]]*\])?==([^ ;\\\n]+)", text, re.MULTILINE))


def hashes(text: str) -> list[str]:
    return re.findall(r"--hash=(sha256:\w+)", text)


def compiled(*words: str) -> str:
    """A lock file that uv makes without installing anything."""
    uv = sysconfig.get_path("scripts") + "/uv"  # locked, so that no run of the tests is without
    command = [uv, "pip", "compile", "--no-config", "--no-python-downloads", "--no-progress"]
    more = ["--python-platform", "x86_64-manylinux_2_28", "--generate-hashes", "--quiet"]
    done = subprocess.run(
        [*command, *more, *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode and any(cause in done.stderr for cause in NETLESS):
        pytest.skip("no network: whether each Python has the locked packages isn't checked")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_versions_are_those_of_the_project_and_of_make_venv() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["requires-python"] == ">=3.11,<3.14"
    assert project["tool"]["ruff"]["target-version"] == "py311"
    assert project["tool"]["mypy"]["python_version"] == "3.11"
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"for v in {' '.join(VERSIONS)};" in makefile
    assert "--python-version 3.11 --generate-hashes" in makefile


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("lock", LOCKS)
def test_a_file_of_each_locked_package_can_be_installed(lock: str, version: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    wheels = [f"--only-binary={name}" for name in pins(text) if name not in FROM_SOURCE]
    found = compiled("--no-deps", *wheels, "--python-version", version, lock)
    assert pins(found) == pins(text)
    # The hashes are those of the files for all versions, so one lock serves them.
    assert hashes(found) == hashes(text)


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("lock", EXTRAS)
def test_no_python_needs_another_package_than_the_locked_ones(lock: str, version: str) -> None:
    locked = pins((ROOT / lock).read_text(encoding="utf-8"))
    words = ("--extra", EXTRAS[lock], "-c", lock, "--python-version", version)
    needed = pins(compiled("pyproject.toml", *words))
    assert needed.items() <= locked.items()
    more = set(locked) - set(needed)
    assert more <= ({"importlib-resources"} if version != "3.11" else set())
