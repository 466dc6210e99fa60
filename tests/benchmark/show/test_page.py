import io
import re
from html import unescape
from pathlib import Path

import numpy as np
from PIL import Image

from benchmark.show.page import Figure, Key, Page, Picture, Section, render, write

PIXELS = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
STRANGE = "<script>alert(1)</script>"


def page(**changed: object) -> Page:
    figure = Figure("1. case", "starts at 1", [Picture(PIXELS, "a plane", "axial")])
    content = {
        "title": "Title",
        "lead": "Lead",
        "notes": ["a note"],
        "keys": [Key("patch", ["#ffd60a"], line=True), Key("score", ["#000000", "#ffffff"])],
        "sections": [Section("Loop 1", "text", [figure])],
        "sheets": {"loop_001": PIXELS},
    }
    return Page(**(content | changed))


def test_the_page_holds_its_pictures_and_loads_nothing() -> None:
    html = render(page())
    assert "default-src 'none'" in unescape(html)
    assert "<script" not in html
    assert not re.search(r"""(?:src|href)=["'](?!data:)""", html)
    assert 'width="7" height="5" alt="a plane"' in html
    assert html.count("data:image/png;base64,") == 1
    assert "prefers-color-scheme: dark" in html
    assert 'name="viewport"' in html


def test_names_are_text() -> None:
    strange = Figure(STRANGE, STRANGE, [Picture(PIXELS, f'"{STRANGE}', STRANGE)])
    html = render(
        page(
            title=STRANGE,
            lead=STRANGE,
            notes=[STRANGE],
            keys=[Key(STRANGE, ["#ffd60a"])],
            sections=[Section(STRANGE, STRANGE, [strange])],
        )
    )
    assert "<script" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 11


def test_a_page_is_the_same_bytes_again_and_has_its_sheets_beside_it(tmp_path: Path) -> None:
    out = tmp_path / "queries.html"
    write(page(), out)
    first = out.read_bytes()
    written = np.asarray(
        Image.open(io.BytesIO((tmp_path / "queries_files/loop_001.png").read_bytes()))
    )
    assert (written == PIXELS).all()
    write(page(sheets={"loop_002": PIXELS}), out)
    assert out.read_bytes() == first
    names = {path.name for path in (tmp_path / "queries_files").iterdir()}
    assert names == {"loop_002.png", "manifest.json"}
