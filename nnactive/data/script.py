"""Scripts that a dataset's folder brings: ``generate.py`` and ``convert.py``."""

import importlib.util
from pathlib import Path
from types import ModuleType

from nnactive.errors import UserError


def load_script(path: Path, offers: str) -> ModuleType:
    """The module of a dataset's script.

    Args:
        path: the script, in the dataset's folder.
        offers: name of a function that it must have.

    Raises:
        UserError: it can't be loaded or lacks the function.
    """
    spec = importlib.util.spec_from_file_location(f"nnactive_{path.parent.name}_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise UserError(f"{path}: cannot be loaded as Python")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not callable(getattr(module, offers, None)):
        raise UserError(f"{path}: has no function '{offers}'; add it, as other datasets do")
    return module
