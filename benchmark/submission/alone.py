"""Import a submitted file alone: what is frozen is what is checked, and what every query runs.

A submission is one file, and its hash is in every result. So it is imported from a folder of its
own, without what lies beside it or in PYTHONPATH, and may use nothing but installed packages.
"""

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Collection
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import nnactive
from nnactive.errors import UserError, described
from nnactive.io.files import sha256

WAY_OUT = "a submission is one file, which is frozen and runs alone: put what it uses into it"
"""Ends the message about a file that needs another."""
PATHS = "PYTHONPATH"
"""Environment variable whose folders a submission doesn't see."""


class _Alone(SourceFileLoader):
    """Loads a copy, whose code is named after the author's file in tracebacks."""

    def __init__(self, name: str, copy: Path, path: Path) -> None:
        super().__init__(name, str(copy))
        self._author = path

    def source_to_code(self, data: Any, path: Any, **options: Any) -> CodeType:  # type: ignore[override]
        del path
        return super().source_to_code(data, str(self._author), **options)


def import_alone(path: Path) -> ModuleType:
    """The module of a submitted file, imported from a copy in a folder of its own.

    Raises:
        UserError: if it isn't Python, can't be imported, or imports a file that isn't installed.
    """
    name = f"nnactive_submission_{sha256(path)[:16]}"
    if path.suffix != ".py":
        raise UserError(f"{path}: not a Python file; METHOD is path/to/file.py:Class")
    if name in sys.modules:
        return sys.modules[name]
    _forget_own_paths()
    folder = Path(tempfile.mkdtemp(prefix="nnactive-submission-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    loader = _Alone(name, Path(shutil.copy(path, folder / path.name)), path)
    spec = spec_from_loader(name, loader)
    assert spec is not None  # noqa: S101  (a loader of source always has one)
    module = module_from_spec(spec)
    # Pickling and dataclasses look classes up by their module's name.
    sys.modules[name] = module
    before, roots = set(sys.modules), installed_roots()
    try:
        loader.exec_module(module)
        told = foreign_module(before, roots)
    except SyntaxError as error:
        sys.modules.pop(name)
        raise UserError(f"{path}: line {error.lineno}: {error.msg}") from error
    except (Exception, SystemExit) as error:
        sys.modules.pop(name)
        cause = described(error) + _hint(error, path)
        raise UserError(f"{path}: can't be imported: {cause}") from error
    if told:
        sys.modules.pop(name)
        raise UserError(f"{path}: {told}; {WAY_OUT}")
    return module


def installed_roots() -> tuple[Path, ...]:
    """Folders below which a module counts as installed: those of this process's search path."""
    found = [Path(entry) for entry in sys.path if entry and entry not in _own_paths()]
    return tuple(each.resolve() for each in (*found, Path(nnactive.__file__).parents[1]))


def foreign_module(before: Collection[str], roots: Collection[Path]) -> str:
    """What was imported since from a file that isn't installed, in words; empty if nothing was.

    Args:
        before: names of the modules that were there before.
        roots: from `installed_roots`, before the author's code could change the search path.
    """
    for name in sorted(set(sys.modules).difference(before)):
        file = getattr(sys.modules[name], "__file__", None)
        if isinstance(file, str) and Path(file).is_file():
            at = Path(file).resolve()
            if not any(at.is_relative_to(root) for root in roots):
                return f"imports {name} from {file}"
    return ""


def _own_paths() -> list[str]:
    """Folders in PYTHONPATH, but not that of the benchmark itself."""
    listed = os.environ.get(PATHS, "").split(os.pathsep)
    return [each for each in listed if each and not (Path(each) / nnactive.__name__).is_dir()]


def _forget_own_paths() -> None:
    """Take the folders in PYTHONPATH from the search path, as other machines don't have them."""
    own = {os.path.realpath(each) for each in _own_paths()}
    sys.path[:] = [each for each in sys.path if not each or os.path.realpath(each) not in own]


def _hint(error: BaseException, path: Path) -> str:
    """The way out for an error that a file beside the author's would prevent."""
    if isinstance(error, ModuleNotFoundError) and error.name:
        head = error.name.partition(".")[0]
        beside = path.with_name(f"{head}.py").is_file() or path.with_name(head).is_dir()
        elsewhere = any(
            (Path(each) / f"{head}.py").is_file() or (Path(each) / head).is_dir()
            for each in _own_paths()
        )
        return f"; {WAY_OUT}" if beside or elsewhere else ""
    return f"; {WAY_OUT}" if isinstance(error, OSError) else ""
