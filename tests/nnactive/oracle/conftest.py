"""Images that nobody has labelled."""

import pytest
from livers import Folder


@pytest.fixture
def livers(tmp_path) -> Folder:
    return Folder(tmp_path / "project").make()
