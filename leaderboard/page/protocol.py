"""The protocol as a section of the page, and links to it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from nnactive.io.content import protocol_text

if TYPE_CHECKING:
    from markdown_it.token import Token
    from markupsafe import Markup

CITED = re.compile(r"protocol sections? \d(?:(?:, | and )\d)*")
LOWER = 2
"""Levels that the protocol's headings go down: it is a part of a part of the page."""
TABLE = re.compile("<table>.*?</table>", re.DOTALL)


@dataclass(frozen=True)
class Protocol:
    """The protocol, rendered."""

    title: str
    html: "Markup"
    """Its sections have the ids ``protocol-1``, ``protocol-2`` and so on."""
    sections: frozenset[str]
    """Their numbers."""


@cache
def protocol() -> Protocol:
    """The installed protocol.

    Its headings start at level 4, its tables scroll, and its links are plain text: the page has
    links to itself only.
    """
    from markdown_it import MarkdownIt
    from markupsafe import Markup

    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    # First come the title's heading, its text and the heading's end.
    _, title, _, *tokens = markdown.parse(protocol_text())
    sections = frozenset(_adapt(tokens))
    html = markdown.renderer.render(tokens, markdown.options, {})
    return Protocol(title.content, Markup(TABLE.sub(_scrolling, html)), sections)  # noqa: S704


def linked(text: str) -> "Markup":
    """Plain text whose citations of the protocol's sections are links.

    >>> str(linked("<b> (protocol section 6)"))
    '&lt;b&gt; (<a href="#protocol-6">protocol section 6</a>)'
    """
    from markupsafe import Markup, escape

    return Markup(CITED.sub(lambda found: _links(found[0]), str(escape(text))))  # noqa: S704


def _links(cited: str) -> str:
    """One section is cited by all of the words, several by their numbers."""

    def link(number: str, words: str) -> str:
        known = number in protocol().sections
        return f'<a href="#protocol-{number}">{words}</a>' if known else words

    numbers = re.findall(r"\d", cited)
    if len(numbers) == 1:
        return link(numbers[0], cited)
    return re.sub(r"\d", lambda number: link(number[0], number[0]), cited)


def _adapt(tokens: "Sequence[Token]") -> Iterator[str]:
    """Fit the tokens into the page; yields the numbers of the sections."""
    for token, after in zip(tokens, [*tokens[1:], None], strict=True):
        if token.children:
            token.children = [t for t in token.children if not t.type.startswith("link_")]
        if token.type == "th_open":
            token.attrSet("scope", "col")
        if token.type.startswith("heading_"):
            number = re.match(r"(\d+)\. ", after.content if after else "")
            if token.tag == "h2" and number:
                token.attrSet("id", f"protocol-{number[1]}")
                yield number[1]
            token.tag = f"h{int(token.tag[1]) + LOWER}"


def _scrolling(table: re.Match[str]) -> str:
    label = 'aria-label="Table of the protocol"'
    return f'<div class="scroll" role="region" {label} tabindex="0">{table[0]}</div>'
