"""Images that were built before; without them every test here is skipped, and says so."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from engines import SECONDS_TO_HANG, Apptainer, Docker, Runtime

IMAGE, SIF, ENGINE = "NNACTIVE_TEST_IMAGE", "NNACTIVE_TEST_SIF", "NNACTIVE_TEST_ENGINE"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Allow the tests of this folder time, each on its own: the set-up has limits in itself."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(SECONDS_TO_HANG, func_only=True))


def open_to_all(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o777)
    return folder


@pytest.fixture(scope="session")
def common() -> Iterator[Path]:
    """A folder that other users reach, which pytest's own don't let them."""
    with TemporaryDirectory(prefix="images-") as folder:
        yield open_to_all(Path(folder))


@pytest.fixture(scope="session")
def docker() -> Docker:
    image = os.environ.get(IMAGE)
    if not image:
        pytest.skip(f"{IMAGE} is not set; make image image-test sets it")
    return Docker(os.environ.get(ENGINE, "docker"), image)


@pytest.fixture(scope="session")
def apptainer(common) -> Apptainer:
    sif = Path(os.environ.get(SIF, ""))
    if not sif.is_file():
        pytest.skip(f"{SIF} names no file; make sif image-test does")
    if not shutil.which("apptainer"):
        pytest.skip("Apptainer is not on this machine")
    return Apptainer(sif, open_to_all(common / "home"))


@pytest.fixture(params=["docker", "apptainer"], scope="session")
def runtime(request) -> Runtime:
    return request.getfixturevalue(request.param)


@pytest.fixture
def mounts(common, tmp_path) -> dict[str, Path]:
    """Folders as a run has them, new for each test."""
    place = common / tmp_path.name
    return {
        "/results": open_to_all(place / "results"),
        "/scratch": open_to_all(place / "scratch"),
    }
