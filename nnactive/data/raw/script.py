"""Scripts that a dataset's folder brings: ``generate.py`` and ``convert.py``."""

import importlib.util
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from nnactive.errors import NnactiveError, UserError


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
    with script_errors_told(path, "import"):
        spec.loader.exec_module(module)
    if not callable(getattr(module, offers, None)):
        raise UserError(f"{path}: has no function '{offers}'; add it, as other datasets do")
    return module


@contextmanager
def script_errors_told(path: Path, what: str) -> Iterator[None]:
    """Turn what a script raises into one line that names it; our own errors name their file.

    Raises:
        UserError: ``what`` failed, with the script's last line that was reached.
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
            f"{path}: '{what}' failed{where} ({type(error).__name__}: {cause}); mend the script, "
            "or the data that it reads"
        ) from error
