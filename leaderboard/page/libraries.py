"""The page's libraries: packed, and named by their hash in the page's policy.

Vega-Lite (charts, BSD-3-Clause) comes from vl-convert, DataTables (sortable tables, MIT) from
itables. The page holds both as gzip in base64, a third of their size; the script unpacks them and
adds them as inline scripts, which the policy allows by their hash.
"""

import base64
import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from nnactive.errors import NnactiveError


@dataclass(frozen=True)
class Library:
    """A packed script."""

    name: str
    packed: str
    """Base64 of its gzip."""
    digest: str
    """For ``script-src``."""


@cache
def libraries() -> tuple[Library, ...]:
    """DataTables and Vega-Embed, which put ``DataTable`` and ``vegaEmbed`` on ``window``."""
    return (_library("tables", _datatables()), _library("charts", _vega()))


def pack(text: str) -> str:
    """Base64 of the text's gzip; the same text gives the same bytes."""
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()


def unpack(packed: str) -> str:
    """The text given to ``pack``."""
    return gzip.decompress(base64.b64decode(packed)).decode()


def digest(script: str) -> str:
    """Source expression that allows an inline script."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _library(name: str, script: str) -> Library:
    return Library(name, pack(script), digest(script))


def _vega() -> str:
    import vl_convert

    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return f"(() => {{{bundle}}})();"


def _datatables() -> str:
    # Only the file is needed; importing itables would take seconds.
    package = find_spec("itables")
    if package is None or not package.submodule_search_locations:
        raise NnactiveError("itables is not installed; reinstall the project: make venv")
    folder = Path(package.submodule_search_locations[0])
    module = (folder / "html/dt_bundle.js").read_text("utf-8")
    exports = re.search(r"export\{[^}]*?(\w+) as default[^}]*\};?", module)
    if not exports:
        raise NnactiveError(
            "itables: its bundle has no default export; install the version in the lock"
        )
    script = module.replace(exports.group(), f"window.DataTable={exports.group(1)};")
    return f"(() => {{{script}}})();"
