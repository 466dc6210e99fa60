"""The attack suite inside both images: what keeps a method's code from labels holds there, too."""

import re
import shutil
from importlib.metadata import distribution
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
RUNNER = ("pytest", "pluggy", "iniconfig", "packaging", "pygments")
"""What the images don't hold: pytest and what it needs, all of it Python alone."""
PYTHON = "/opt/benchmark/venv/bin/python"
PLACES = ("/pytest", "/opt/benchmark", "/suite/tests", "/suite/tests/benchmark/firewall/attacks")
WAYS = {"docker": "landlock", "apptainer": "bubblewrap"}
"""What a run takes there: Docker lets no container make namespaces, and an Apptainer image run by
an ordinary user can."""


@pytest.fixture(scope="module")
def runner(common: Path) -> Path:
    """A folder with pytest, copied from this environment."""
    folder = common / "pytest"
    for name in RUNNER:
        for file in distribution(name).files or ():
            if file.parts[0] != ".." and "__pycache__" not in file.parts:
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file.locate(), folder / file)
    return folder


def test_the_best_way_is_found(runtime, mounts):
    done = runtime.run("doctor", mounts=mounts)
    assert done.status == 0, done.err
    line = next(line for line in done.out.splitlines() if line.startswith("isolation"))
    assert WAYS[runtime.name] in line


def test_every_attack_ends_as_it_must(runtime, mounts, runner):
    way = WAYS[runtime.name]
    inside = {**mounts, "/pytest:ro": runner, "/suite/tests:ro": TESTS}
    variables = {"PYTHONPATH": ":".join(PLACES), "TMPDIR": "/scratch", "HOME": "/scratch"}
    flags = [part for item in variables.items() for part in ("--env", "=".join(item))]
    done = runtime.run(
        *("-P", "-m", "pytest", "-q", "-c", "/dev/null", "--rootdir", "/suite"),
        *("-p", "no:cacheprovider", "--import-mode", "importlib", "-W", "ignore"),
        *("/suite/tests/benchmark/firewall/attacks", "-k", way),
        mounts=inside,
        flags=flags,
        program=PYTHON,
    )
    assert done.status == 0, done.out[-4000:] + done.err[-1000:]
    found = re.search(r"(\d+) passed", done.out)
    assert found is not None
    assert int(found.group(1)) > 40
    assert "skipped" not in done.out
