"""Bundles made once; every test changes a copy."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from bundle_standins import built_in, submitted, write

Copy = Callable[[str], Path]


@pytest.fixture(scope="session")
def bundles(phantom: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a submission's bundle and two of built-in methods."""
    folder = tmp_path_factory.mktemp("bundles")
    write(submitted(folder, phantom), folder / "submission")
    for name in ("random", "random_fg33"):
        write(built_in(name, phantom), folder / name)
    return folder


@pytest.fixture
def copied(bundles: Path, tmp_path: Path) -> Copy:
    """Gives a copy of a bundle by its name."""

    def copy(name: str) -> Path:
        return Path(shutil.copytree(bundles / name, tmp_path / name))

    return copy
