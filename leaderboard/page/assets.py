"""The page's own scripts and styles, each made of several files in a fixed order."""

from pathlib import Path

from leaderboard.figures.styles import shade_rules

FOLDER = Path(__file__).parent
TEMPLATES = FOLDER / "templates"
SCRIPTS = (
    "base", "apart", "tables/cells", "tables/long", "tables/table", "views", "filters", "downloads",
    "ranking", "cost", "charts", "methods/plots", "methods/contrast", "methods/compare",
    "methods/card", "main",
)  # fmt: skip
"""Bodies of one function, in order: a later one sees what earlier ones define."""
STYLES = (
    "base",
    "frame",
    "table",
    "parts",
    "card",
    "compare",
    "studies",
    "narrow",
    "print",
)


def script() -> str:
    """The page's script. Without it the page shows every table; it creates text, never markup."""
    bodies = (_text("scripts", f"{name}.js") for name in SCRIPTS)
    return f'"use strict";\n(async () => {{\n{"".join(bodies)}}})().catch(plainly);\n'


def fold() -> str:
    """The script that folds the page before it is shown."""
    return _text("scripts", "fold.js")


def styles() -> str:
    """The page's style sheet."""
    return "".join(_text("styles", f"{name}.css") for name in STYLES) + shade_rules()


def _text(folder: str, name: str) -> str:
    return (FOLDER / folder / name).read_text("utf-8")
