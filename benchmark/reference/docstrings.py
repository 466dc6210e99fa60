"""Google-style docstrings as Markdown."""

import inspect
import re

SECTIONS = ("Args", "Returns", "Raises", "Yields")
_INDENT = 4


def markdown(docstring: str) -> str:
    """A docstring as Markdown: paragraphs, and a list for each section such as ``Args:``."""
    blocks = re.split(r"\n\s*\n", inspect.cleandoc(docstring))
    return "\n\n".join(_section(block) or _paragraph(block) for block in blocks if block.strip())


def _section(block: str) -> str | None:
    """A section as a heading and its entries; None for a plain paragraph."""
    title, _, rest = block.partition("\n")
    name = title.strip().removesuffix(":")
    if not title.endswith(":") or name not in SECTIONS:
        return None
    entries: list[str] = []
    for line in rest.splitlines():
        deeper = len(line) - len(line.lstrip()) > _INDENT
        if entries and deeper:
            entries[-1] += f" {line.strip()}"
        else:
            entries.append(line.strip())
    if name in {"Returns", "Yields"}:
        return f"*{name}* {_ticks(' '.join(entries))}"
    listed = [re.sub(r"^([*\w]+):", r"`\1`:", _ticks(entry)) for entry in entries]
    return "\n".join([f"*{name}*", "", *(f"- {entry}" for entry in listed)])


def _paragraph(block: str) -> str:
    return _ticks(" ".join(block.split()))


def _ticks(text: str) -> str:
    return text.replace("``", "`")
