"""Scripts in a dataset's folder: ``generate.py`` and ``convert.py``."""

import importlib.util
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from nnactive.errors import NnactiveError, UserError


def load_script(path: Path, function: str) -> ModuleType:
    """Load a dataset's script as a module.

    Args:
        path: the script, in the dataset's folder.
        function: name of a function that it must define.

    Raises:
        UserError: it can't be loaded or doesn't define the function.
    """
    spec = importlib.util.spec_from_file_location(f"nnactive_{path.parent.name}_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise UserError(f"{path}: not a Python file; replace it")
    module = importlib.util.module_from_spec(spec)
    with script_errors(path, "import"):
        spec.loader.exec_module(module)
    if not callable(getattr(module, function, None)):
        raise UserError(f"{path}: doesn't define '{function}'; add it, as in other datasets")
    return module


@contextmanager
def script_errors(path: Path, what: str) -> Iterator[None]:
    """Turn a script's exceptions into one line that names it; our errors pass unchanged.

    Raises:
        UserError: ``what`` failed; names the line of the script that failed.
    """
    try:
        yield
    except (NnactiveError, MemoryError, PermissionError):
        raise
    except Exception as error:
        trace = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in trace if frame.filename == str(path)]
        where = f" in line {lines[-1]}" if lines else ""
        cause = " ".join(str(error).split())
        raise UserError(
            f"{path}: '{what}' failed{where} ({type(error).__name__}: {cause}); fix the script "
            "or the data it reads"
        ) from error
