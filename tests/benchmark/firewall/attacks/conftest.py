"""An arena for each way to isolate a method that works here."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from arena import Arena, arena
from support import Loop

from benchmark.firewall.ways import BEST_FIRST, why_not
from nnactive.settings import Setting


@pytest.fixture(scope="module", params=BEST_FIRST)
def fought(
    request: pytest.FixtureRequest,
    phantom: Path,
    setting: Setting,
    loop0: Loop,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Arena]:
    way = request.param
    if reason := why_not(way):
        pytest.skip(f"{way}: {reason}")
    with arena(tmp_path_factory.mktemp(way), phantom, setting, loop0, way) as found:
        yield found
