"""Content that ships with the code: the datasets' folders and the protocol.

Both lie beside the packages in a checkout and are packages of their own once installed (setup.py).
They hold no ``__init__.py``, and ``importlib.resources`` refuses such packages where the install is
editable, so the import system is asked for their place.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Final

from nnactive.errors import UserError

DATASETS_PACKAGE: Final = "nnactive_datasets"
"""Package of ``datasets/``."""
DOCS_PACKAGE: Final = "nnactive_docs"
"""Package of ``docs/``; only the protocol is installed."""


def content_folder(package: str) -> Path:
    """Folder of a package that holds content; it may be read-only.

    Raises:
        UserError: it isn't installed.
    """
    spec = find_spec(package)
    places = (spec and spec.submodule_search_locations) or ()
    for place in map(Path, places):
        if place.is_dir():
            return place
    raise UserError(f"{package}: not installed; run: python -m pip install --no-deps -e .")


def protocol_text() -> str:
    """The protocol, ``docs/protocol.md``, in Markdown."""
    return (content_folder(DOCS_PACKAGE) / "protocol.md").read_text(encoding="utf-8")
