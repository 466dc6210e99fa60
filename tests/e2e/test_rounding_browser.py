"""The page's script rounds every number as Python does, in a real browser."""

import json
import random
import shutil
from importlib import resources

import pytest

from leaderboard.formatting import DECIMALS, fixed, number, shown

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no chromium; install it: apt-get install chromium"
    ),
]


def functions() -> str:
    """The script's rounding: from its first function to the last."""
    text = (resources.files("leaderboard.page") / "scripts" / "base.js").read_text("utf-8")
    return text[text.index("const halfUp =") : text.index("const parts =")]


def values():
    """Figures of all sizes, among them halves, and halves missed by floating-point noise."""
    rng = random.Random(16)  # noqa: S311
    found = [69.35, 69.345, 0.125, 2.5, -0.04, -0.05, 0.0, 1e21, 123456789.5, 1e-7, 84.24961]
    for _ in range(4000):
        half = round(rng.uniform(-100, 100), rng.randint(1, 4))
        found += [
            *(half, half + rng.choice([1.5e-14, -1.5e-14]), rng.uniform(-100, 100)),
            *(round(rng.uniform(0, 1e7), 2), 10 ** rng.uniform(-12, 24), rng.randint(0, 10**17)),
        ]
    return found


def test_the_script_shows_what_python_shows(tmp_path):
    units = [*DECIMALS, ""]
    cases = [(value, units[place % len(units)]) for place, value in enumerate(values())]
    # A file's number, and the value itself, as a script that computes has it.
    expected = [[number(v, unit), v, unit, shown(v, unit), fixed(v, 3)] for v, unit in cases]
    assert len(expected) > 20_000
    page = tmp_path / "page.html"
    page.write_text(
        f"<script>const decimals = {json.dumps(DECIMALS)};\n{functions()}\n"
        f"const cases = {json.dumps(expected)};\n"
        "window.wrong = cases.filter(([kept, value, unit, text, three]) => shown(kept, unit) !== "
        "text || shown(value, unit) !== text || fixed(value, 3) !== three);\n"
        "window.count = cases.length;</script>",
        "utf-8",
    )
    with playwright.sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tab = browser.new_page()
        tab.goto(page.as_uri())
        wrong, count = tab.evaluate("[window.wrong, window.count]")
        browser.close()
    assert count == len(expected)
    assert wrong == []
