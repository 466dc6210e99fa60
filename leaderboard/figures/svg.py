"""Matplotlib figures as SVG that can stand inside a page."""

import html
import io
import re
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"


def inline_svg(figure: "Figure", prefix: str, description: str) -> str:
    """The figure as one ``<svg>`` element without width, style sheet, metadata or outside names.

    Every id starts with ``prefix``, so that several figures can share a page. ``description`` is
    what a screen reader says. Call inside the context that the figure was drawn in.
    """
    target = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with warnings.catch_warnings():
        # The reader's own fonts draw the text; ours only measure it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(target, format="svg", metadata=nothing)
    text = target.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<style [^>]*>.*?</style>", "", text, flags=re.DOTALL)
    # Text between tags holds no angle bracket, so this touches tags only.
    text = re.sub(r"<[^>]*>", lambda tag: _rename(tag.group(), prefix), text)
    box = re.findall(r'viewBox="[\d. -]+"', text)[0]
    root = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'{box} role="img" aria-label="{html.escape(description)}" stroke-linejoin="round">'
    )
    return re.sub(r"^<svg[^>]*>", lambda _: root, text).strip()


def _rename(tag: str, prefix: str) -> str:
    tag = re.sub(r'\b(id="|href="#)|(url\(#)', lambda m: f"{m.group()}{prefix}-", tag)
    return re.sub(r"font: ([\d.]+px) [^;\"]*", rf"font: \1 {FONT}", tag)
