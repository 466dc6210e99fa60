"""The protocol is the code's: its version, and all that code, docs and the page cite of it."""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from nnactive import PROTOCOL_VERSION
from nnactive.io.content import DOCS_PACKAGE, protocol_text

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
SECTIONS = {int(part.split(".", 1)[0]): part for part in TEXT.split("\n## ")[1:]}
CITING = (
    "nnactive/**/*.py",
    "benchmark/**/*.py",
    "leaderboard/**/*.*",
    "datasets/*/*",
    "examples/*.py",
    "tests/**/*.py",
    "docs/*.md",
    "*.md",
)
SECTION = re.compile(
    r"(?P<before>.{0,30})\bsections? (?P<numbers>\d+(?:(?:, | and )\d+\b)*)"
    r"(?P<heads>(?:(?:, | and )\"[A-Z][a-z ]+\")*)"
)
OTHERS = re.compile(r"RFC \d+, $|\b\d{4}, (table \d+ and )?$")
"""What comes before a section of another document."""
TAG = re.compile(r"\[((?:P[12]|U)\b[^\]]*)\]")


def pages() -> Iterator[tuple[Path, str]]:
    """All files that may cite the protocol, and their text on one line."""
    for pattern in CITING:
        for path in sorted(ROOT.glob(pattern)):
            if path.suffix in {".py", ".md", ".html", ".js", ".yaml", ".json"}:
                text = re.sub(r'"\n\s*f?"', "", path.read_text(encoding="utf-8"))
                yield path.relative_to(ROOT), re.sub(r"[\s#]+", " ", text)


def citations(tag: str) -> set[str]:
    """``P1 App. D, P2 App. D, E`` as its single places: P1 App. D, P2 App. D, P2 App. E."""
    paper, kind, places = "", "", set()
    for part in tag.split(", "):
        words = part.split()
        if words[0] in {"P1", "P2", "U"}:
            paper, kind = words.pop(0), ""
        if words and words[0] == "App.":
            kind = f"{words.pop(0)} "
        places.add(f"{paper} {kind}{' '.join(words)}".strip())
    return places


def test_its_version_is_the_codes() -> None:
    assert TEXT.startswith(f"# The benchmark protocol, version {PROTOCOL_VERSION}\n")


def test_it_is_read_from_the_installed_package() -> None:
    assert protocol_text() == TEXT
    assert find_spec(DOCS_PACKAGE) is not None


def test_its_sections_are_numbered_in_order() -> None:
    assert list(SECTIONS) == list(range(1, 10))


def test_every_section_that_is_cited_is_there() -> None:
    cited = 0
    for path, text in pages():
        for found in SECTION.finditer(text):
            if OTHERS.search(found["before"]):
                continue
            cited += 1
            numbers = [int(number) for number in re.findall(r"\d+", found["numbers"])]
            assert all(number in SECTIONS for number in numbers), f"{path}: {found[0]}"
            for head in re.findall(r'"([^"]+)"', found["heads"]):
                there = [f"\n### {head}\n" in SECTIONS[number] for number in numbers]
                assert any(there), f"{path}: {found[0]}"
    assert cited > 80


def test_every_source_that_is_cited_is_one_of_the_protocols() -> None:
    defined = set(re.findall(r"^- \*\*\[(P\d|U)\]\*\*", TEXT, re.MULTILINE))
    assert defined == {"P1", "P2", "U"}
    known = {place for tag in TAG.findall(TEXT) for place in citations(tag)}
    cited = 0
    for path, text in pages():
        if path != Path("docs/protocol.md") and path.parts[0] != "tests":
            for tag in TAG.findall(text):
                cited += 1
                assert citations(tag) <= known, f"{path}: [{tag}]"
    assert cited >= 6
