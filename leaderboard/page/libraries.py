"""The page's libraries: packed, and named by their hash in the page's policy.

Vega-Lite (charts, BSD-3-Clause) comes from vl-convert. The page holds it as gzip in base64, a third
of its size; the script unpacks it and adds it as an inline script, which the policy allows by its
hash.
"""

import base64
import gzip
import hashlib
import json
import sys
import zlib
from dataclasses import asdict, dataclass
from functools import cache as remember
from importlib.metadata import version
from pathlib import Path
from typing import Final

from leaderboard.cache import Cache, key_of
from nnactive.io.files import write_text

PACKAGES: Final = ("vl-convert-python",)
"""That the libraries come from."""
FILE: Final = Path("share", "nnactive-benchmark", "libraries.json")
"""In the environment, as ``install`` leaves them."""


@dataclass(frozen=True)
class Library:
    """A packed script."""

    name: str
    packed: str
    """Base64 of its gzip."""
    digest: str
    """For ``script-src``."""


def libraries(cache: Cache | None = None) -> tuple[Library, ...]:
    """Vega-Embed, which puts ``vegaEmbed`` on ``window``.

    Packing takes more than a second, so they come from the environment if they are installed there.

    Args:
        cache: where they are kept by the versions of the packages otherwise; None: nowhere.
    """
    known = _installed()
    if known is not None or cache is None:
        return known or _libraries()
    known = _read(cache.get(_key()))
    if known is None:
        known = _libraries()
        cache.keep([(_key(), _written(known))])
    return known


def install() -> None:
    """Leave the packed libraries in the environment, for all later pages."""
    content = {"key": _key(), "libraries": _written(_libraries()).decode()}
    write_text(Path(sys.prefix, FILE), json.dumps(content))


def _installed() -> tuple[Library, ...] | None:
    """The libraries in the environment; None where there are none, or of other versions."""
    try:
        found = json.loads(Path(sys.prefix, FILE).read_text("utf-8"))
        return _read(found["libraries"].encode()) if found["key"] == _key() else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _key() -> str:
    return key_of("libraries", *map(version, PACKAGES), zlib.ZLIB_RUNTIME_VERSION, _own_code())


def _written(known: tuple[Library, ...]) -> bytes:
    return json.dumps([*map(asdict, known)]).encode()


@remember
def _libraries() -> tuple[Library, ...]:
    return (_library("charts", _vega()),)


def _read(content: bytes | None) -> tuple[Library, ...] | None:
    return None if content is None else tuple(Library(**each) for each in json.loads(content))


def _own_code() -> str:
    return Path(__file__).read_text("utf-8")


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
