"""Where the code lies, and content that ships with it: the datasets' folders and the protocol.

In a checkout these folders lie beside the packages, and installed they are packages themselves
(setup.py). They have no ``__init__.py``, so ``importlib.resources`` refuses them where the install
is editable; the import system knows their place in both.
"""

import tomllib
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


def checkout(root: Path = Path(__file__).parents[2]) -> Path | None:
    """Root of the checkout, or of an image's copy of one, that the code runs from.

    It has the lock files, and a commit if it came by git. None: installed from a wheel.
    """
    try:
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        found = project["name"] == "nnactive-bench"
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError):
        return None
    return root if found else None
