"""A run with a trained loop 0, for all tests of replays."""

from pathlib import Path

import pytest
from replayed import Run, make_run
from support import Loop

from nnactive.settings import Setting


@pytest.fixture(scope="session")
def run(
    phantom: Path, setting: Setting, loop0: Loop, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    return make_run(tmp_path_factory.mktemp("replayed"), phantom, setting, loop0)
