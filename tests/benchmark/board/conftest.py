"""Bundles whose patches are the phantom's; nothing was trained (see `bundle_standins`)."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from bundle_standins import built_in, seal, submitted, write

Renamed = Callable[..., Path]


@pytest.fixture(scope="session")
def valid(phantom: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a submission's bundle and one of the built-in ``random``."""
    folder = tmp_path_factory.mktemp("valid")
    write(submitted(folder, phantom), folder / "submission")
    write(built_in("random", phantom), folder / "random")
    return folder


@pytest.fixture
def named(valid: Path, tmp_path: Path) -> Renamed:
    """Gives a copy of the submission's bundle with another name or description."""

    def copy(name: str, description: str = "It works.") -> Path:
        folder = tmp_path / f"bundle-{len(list(tmp_path.iterdir()))}"
        shutil.copytree(valid / "submission", folder)
        (folder / "submission.yaml").write_text(
            f"name: {name}\nauthors: [Jane Doe]\nlicence: MIT\ndescription: {description}\n",
            encoding="utf-8",
        )
        for result in sorted((folder / "results").rglob("*.json")):  # trained by itself
            content = json.loads(result.read_text())
            content["loops"][-1]["costs"]["evaluate"]["seconds"] += 1 + sum(name.encode())
            result.write_text(json.dumps(content), encoding="utf-8")
        seal(folder)
        return folder

    return copy
