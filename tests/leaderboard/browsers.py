"""The page's tests in a real browser, from a file, without network."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
WAIT = 40_000
MARKS = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no chromium; install it: apt-get install chromium"
    ),
]


@contextmanager
def chromium() -> Iterator[object]:
    """A browser; the test is skipped where playwright is missing."""
    player = pytest.importorskip("playwright.sync_api").sync_playwright()
    with player as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield opened
        opened.close()


class Tab:
    """A tab without network, with what it complained about and asked for."""

    def __init__(self, browser, **options):
        self.context = browser.new_context(offline=True, accept_downloads=True, **options)
        self.context.set_default_timeout(WAIT)
        self.page = self.context.new_page()
        self.complaints, self.requests = [], []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def open(self, address, *, ready=True):
        self.page.goto(address)
        if ready:
            self.page.wait_for_selector("html[data-ready]", state="attached")
        return self.page

    def download(self, action) -> str:
        with self.page.expect_download() as found:
            action()
        return Path(found.value.path()).read_text("utf-8")


def unfold(page) -> None:
    """Opens all details but the menus."""
    page.evaluate(
        "for (const fold of document.querySelectorAll('details:not(.menu)')) fold.open = true"
    )
