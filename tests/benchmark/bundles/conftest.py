"""Finished runs, written by hand, and a bundle of one."""

from pathlib import Path

import pytest
from by_hand import METHOD, Finished, run_by_hand

from benchmark.bundles.write import write_bundle
from benchmark.submission.requirements import Manifest

MANIFEST = Manifest(name="Mine, improved", authors=("Jane Doe",), licence="MIT")


@pytest.fixture
def finished(tmp_path: Path) -> Finished:
    """A run of a submitted method on a toy track: one setting, two seeds, three loops."""
    source = tmp_path / "author" / "mine.py"
    source.parent.mkdir()
    source.write_text(METHOD, encoding="utf-8")
    return run_by_hand(tmp_path / "runs", f"{source}:Mine", source)


@pytest.fixture
def builtin(tmp_path: Path) -> Finished:
    """The same of the built-in method ``random``."""
    return run_by_hand(tmp_path / "builtin", "random", None)


@pytest.fixture
def bundle(finished: Finished, tmp_path: Path) -> Path:
    """The bundle of `finished`, as a folder."""
    out = tmp_path / "bundle"
    write_bundle(finished.root, finished.track, finished.method, out, MANIFEST, command="made")
    return out
