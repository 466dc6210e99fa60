"""Import a submission alone: what is frozen is what is checked, and what every query runs.

Its modules come from its frozen copy, below a package of their own, without what lies beside the
author's file or in PYTHONPATH.
"""

import ast
import os
import sys
from collections.abc import Collection, Sequence
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, MappingProxyType, ModuleType
from typing import Any, Final

import nnactive
from benchmark.submission.files.code import Rename
from benchmark.submission.files.frozen import FILES, FrozenCopy
from benchmark.submission.requirements import MANIFEST
from nnactive.authored import MARK, Authored, with_place
from nnactive.errors import UserError, described

PREFIX: Final = "nnactive_submission_"
"""Begins the name of the package below which a submission's modules are."""
WAY_OUT: Final = (
    f"a submission is frozen and runs alone: list what it uses under 'files:' in a {MANIFEST} "
    "beside it"
)
"""Ends the message about a file that isn't part of the submission."""
PATHS: Final = "PYTHONPATH"
"""Environment variable whose folders a submission doesn't see."""


def import_copy(copy: FrozenCopy) -> ModuleType:
    """The module with a submission's class.

    Raises:
        UserError: if it can't be imported, or imports a file that isn't installed.
    """
    root = f"{PREFIX}{copy.bundle.digest[:16]}"
    name = f"{root}.{copy.bundle.entry.removesuffix('.py').replace('/', '.')}"
    name = name.removesuffix(".__init__")
    if name in sys.modules:
        return sys.modules[name]
    _forget_own_paths()
    before, roots = set(sys.modules), installed_roots()
    package = ModuleType(root)
    package.__path__ = [str(copy.folder / FILES)]
    # Pickling and dataclasses look classes up by their module's name.
    sys.modules[root] = package
    sys.meta_path.insert(0, _Finder(root, copy))
    try:
        module = import_module(name)
        told = foreign_module(before, roots)
    except (Exception, SystemExit) as error:
        _forget(root)
        if isinstance(error, SyntaxError):
            line = f"line {error.lineno}: {error.msg}"
            raise UserError(f"{copy.shown}: {line}") from error
        cause = with_place(described(error).replace(f"{root}.", ""), error)
        raise UserError(f"{copy.shown}: can't be imported: {cause}{_hint(error)}") from error
    if told:
        _forget(root)
        raise UserError(f"{copy.shown}: {told}; {WAY_OUT}")
    return module


class _Finder(MetaPathFinder):
    """Finds the modules of one submission."""

    def __init__(self, root: str, copy: FrozenCopy) -> None:
        self.root, self.copy = root, copy
        tops = {name.split("/")[0].removesuffix(".py") for name in copy.bundle.files}
        self.tops = frozenset(tops - sys.stdlib_module_names)
        self.data = MappingProxyType(copy.data)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not fullname.startswith(f"{self.root}."):
            return None
        found = PathFinder.find_spec(fullname, path, target)
        if found and isinstance(found.loader, SourceFileLoader):
            found.loader = _Loader(fullname, found.loader.path, self)
        return found

    def mark(self, path: str) -> Authored:
        """What is known of a module, by the path of its file."""
        # Absolute: Python makes paths of modules so, and a step's are relative to its run's folder.
        file = Path(path).absolute().relative_to((self.copy.folder / FILES).absolute()).as_posix()
        return Authored(file, self.copy.bundle.digest, self.data)

    def shown(self, path: str) -> str:
        """The file that tracebacks name: the author's, while that is the same."""
        if not self.copy.author:
            return path
        author, name = Path(self.copy.author), self.mark(path).file
        if author.is_file():
            return str(author if name == self.copy.bundle.entry else author.parent / name)
        return str(author / name.removeprefix(self.copy.bundle.inner))


class _Loader(SourceFileLoader):
    """Loads a module of a submission, and marks it."""

    def __init__(self, name: str, path: str, finder: _Finder) -> None:
        super().__init__(name, path)
        self._finder = finder

    def source_to_code(self, data: Any, path: Any, **options: Any) -> CodeType:  # type: ignore[override]
        del options
        tree = Rename(self._finder.root, self._finder.tops).visit(ast.parse(data))
        ast.fix_missing_locations(tree)
        code: CodeType = compile(tree, self._finder.shown(str(path)), "exec", dont_inherit=True)
        return code

    def set_data(self, *args: Any, **options: Any) -> None:
        """Write no bytecode: a frozen copy stays as it is."""

    def exec_module(self, module: ModuleType) -> None:
        vars(module)[MARK] = self._finder.mark(self.path)
        super().exec_module(module)


def _forget(root: str) -> None:
    """Undo a failed import."""
    for name in [each for each in sys.modules if each.partition(".")[0] == root]:
        sys.modules.pop(name)
    sys.meta_path[:] = [
        each for each in sys.meta_path if not (isinstance(each, _Finder) and each.root == root)
    ]


def installed_roots() -> tuple[Path, ...]:
    """Folders below which a module counts as installed: those of this process's search path."""
    found = [Path(entry) for entry in sys.path if entry and entry not in _own_paths()]
    return tuple(each.resolve() for each in (*found, *own_packages()))


def own_packages() -> list[Path]:
    """Folders of the benchmark's packages: not the checkout, where authors' files may lie."""
    above = Path(nnactive.__file__).parents[1]
    return [above / name for name in ("nnactive", "benchmark", "leaderboard", "datasets")]


def foreign_module(before: Collection[str], roots: Collection[Path]) -> str:
    """What was imported since from a file that isn't installed, in words; empty if nothing was.

    Args:
        before: names of the modules that were there before.
        roots: from `installed_roots`, before the author's code could change the search path.
    """
    for name in sorted(set(sys.modules).difference(before)):
        file = getattr(sys.modules[name], "__file__", None)
        if name.startswith(PREFIX) or not isinstance(file, str) or not Path(file).is_file():
            continue
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


def _hint(error: BaseException) -> str:
    """The way out for an error that a file beside the author's might prevent."""
    return f"; {WAY_OUT}" if isinstance(error, ModuleNotFoundError | OSError) else ""
