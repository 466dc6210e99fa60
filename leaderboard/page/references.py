"""References with links to where they were published."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markupsafe import Markup

ADDRESS = re.compile(
    r"https://(?:doi\.org|openreview\.net|arxiv\.org)/[\w./?=%:()+-]*(?:&amp;[\w./?=%:()+-]+)*[\w/)]"
)
"""Only these hosts: a reference may be a stranger's text."""


def cited(text: str) -> "Markup":
    """A reference whose address at a publisher's is a link; any other address stays text.

    >>> str(cited("Shannon 1948, https://doi.org/10.1002/j"))[:41]
    'Shannon 1948, <a href="https://doi.org/10'
    """
    from markupsafe import Markup, escape

    link = '<a href="{0}" rel="noopener noreferrer">{0}</a>'
    found = ADDRESS.sub(lambda match: link.format(match[0]), str(escape(text)))
    return Markup(found)  # noqa: S704
