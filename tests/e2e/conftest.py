from collections.abc import Iterator

import pytest
from browsers import Tab, chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def tab(browser: object) -> Iterator[Tab]:
    opened = Tab(browser, viewport={"width": 1280, "height": 900})
    yield opened
    opened.context.close()
