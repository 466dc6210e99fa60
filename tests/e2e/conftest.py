"""A browser, and a finished tiny run that the tests of what follows a run share."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsers import Tab, chromium
from filelock import FileLock

from nnactive.data.prepared import PreparedDataset

TINY = Path(__file__).with_name("tiny.yaml")
METHODS = ("random", "predictive_entropy", "bald")


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def tab(browser: object) -> Iterator[Tab]:
    opened = Tab(browser, viewport={"width": 1280, "height": 900})
    yield opened
    opened.context.close()


@pytest.fixture(scope="session")
def finished(phantom: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``data`` and ``runs`` of tiny.yaml by three methods; networks and predictions are kept.

    One run for all workers; a test copies what it changes.
    """
    place = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = place.parent
    made = place / "finished"
    with FileLock(place / "finished.lock"):
        if not made.exists():
            draft = place / "finished.draft"
            shutil.copytree(phantom, draft / "data" / "phantom")
            run(draft, PreparedDataset(phantom).info.test[0].id)
            draft.rename(made)
    return made


def run(folder: Path, case: str) -> None:
    methods = [word for method in METHODS for word in ("--method", method)]
    words = ["track", "run", str(TINY), *methods, "--keep", "--keep-predictions", case]
    done = subprocess.run(
        [sys.executable, "-P", "-m", "benchmark.cli", *words, "--cores", "2"],
        cwd=folder,
        env={key: value for key, value in os.environ.items() if not key.startswith("NNACTIVE_")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
