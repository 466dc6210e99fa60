"""The page's libraries: packed once, and found again in the environment."""

import json
import sys
from pathlib import Path

import pytest

from leaderboard.page.libraries import FILE, install, libraries, unpack

module = sys.modules[install.__module__]
"""The package has a function of its name."""


@pytest.fixture
def environment(tmp_path, monkeypatch) -> Path:
    """An empty environment whose libraries are a STAND-IN for Vega's; the file that it keeps."""
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(module, "_vega", lambda: "(() => {})();")
    module._libraries.cache_clear()
    yield tmp_path / FILE
    module._libraries.cache_clear()


def refuse() -> str:
    raise AssertionError("packed again")


def test_what_is_installed_is_not_packed_again(environment, monkeypatch) -> None:
    install()
    made = libraries()
    assert unpack(made[0].packed) == "(() => {})();"
    module._libraries.cache_clear()
    monkeypatch.setattr(module, "_vega", refuse)
    assert libraries() == made


@pytest.mark.parametrize("damage", ["absent", "cut", "another key", "not an object"])
def test_what_cannot_be_used_is_packed_again(environment, damage) -> None:
    install()
    expected = libraries()
    content = json.loads(environment.read_text())
    damaged = {
        "cut": environment.read_text()[:-9],
        "another key": json.dumps(content | {"key": "0" * 64, "libraries": "[]"}),
        "not an object": "[]",
    }
    environment.unlink()
    if damage in damaged:
        environment.write_text(damaged[damage])
    module._libraries.cache_clear()
    assert libraries() == expected
    assert len(expected) == 1
