"""What belongs to a METHOD's code, where its author has it: a file, a folder or a package."""

import ast
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Final

from benchmark.submission.files.code import imports, parse, resolve
from benchmark.submission.files.offered import installed_methods
from benchmark.submission.pins import installed, locked_packages, pin, required_by
from benchmark.submission.requirements import MANIFEST, Manifest, manifest_in, read_manifest
from nnactive.errors import UserError

INIT: Final = "__init__.py"
LARGEST: Final = 2 * 2**30
"""Bytes that a listed file may have."""


@dataclass(frozen=True)
class Source:
    """A submission where its author has it. Names are relative to the frozen copy, with ``/``."""

    given: Path
    """The file or folder that names it."""
    folder: Path
    """Where its ``submission.yaml`` is, and which the names listed there are relative to."""
    inner: str
    """The package's name and ``/``, before the names of its files; empty for a single file."""
    entry: str
    """The module with the class."""
    manifest: Manifest

    @property
    def listed(self) -> tuple[str, ...]:
        """Names of the files that the manifest lists, as it has them."""
        return self.manifest.files

    def path(self, name: str) -> Path:
        """Where the author has the file of this name."""
        if name == self.entry and self.given.is_file():
            return self.given
        return self.folder / name.removeprefix(self.inner)

    def shown(self, name: str) -> str:
        """A file's name in messages."""
        return str(self.path(name))

    def members(self) -> dict[str, ast.Module | None]:
        """All files by name: code with its tree, and other files.

        A file comes with what its manifest lists, a package with its own modules that the entry
        imports, at once or later, too.

        Raises:
            UserError: code that isn't Python, or a listed file that is missing or may not be used.
        """
        found: dict[str, ast.Module | None] = {}
        waiting = [*self._above(self.entry), self.entry]
        for listed in self.listed:
            _check(self.folder, listed)
            waiting.append(f"{self.inner}{listed}")
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            code = name.endswith(".py")
            tree = found[name] = parse(self.path(name), self.shown(name)) if code else None
            if tree and self.inner:
                waiting += self._imported(name, tree)
        return dict(sorted(found.items()))

    def _above(self, name: str) -> list[str]:
        """The ``__init__.py`` of the packages around a module."""
        around = [f"{each}/{INIT}" for each in PurePosixPath(name).parents if each.name]
        return [each for each in around if self.path(each).is_file()]

    def _imported(self, name: str, tree: ast.Module) -> Iterator[str]:
        """Modules of the package that one of them imports."""
        package = PurePosixPath(name).parent.parts
        for each in imports(tree):
            parts = resolve(each, package)
            if parts[:1] != (self.inner.rstrip("/"),):
                continue
            path = "/".join(parts)
            for found in (f"{path}.py", f"{path}/{INIT}"):
                if self.path(found).is_file():
                    yield from (*self._above(found), found)


def find(given: Path) -> Source:
    """The submission that a path names.

    Raises:
        UserError: if it is neither a Python file nor a folder that says which file to take, or its
            manifest is wrong.
    """
    if given.is_dir():
        return _folder(given, manifest_in(given) or Manifest())
    if not given.exists():
        raise UserError(f"{given}: no such file; METHOD is path/to/file.py:Class")
    if given.suffix != ".py":
        raise UserError(f"{given}: not a Python file; METHOD is path/to/file.py:Class")
    # A dot would divide the module's name.
    entry = f"{given.stem.replace('.', '_')}.py"
    return Source(given, given.parent, "", entry, read_manifest(given) or Manifest())


def alone(given: Path) -> Source:
    """A file without what is beside it, as earlier releases froze it."""
    return Source(given, given.parent, "", "method.py", Manifest())


def _folder(given: Path, manifest: Manifest) -> Source:
    package = (given / INIT).is_file()
    if not (manifest.file or package):
        raise UserError(
            f"{given}: a folder without {INIT}; name the file in a {MANIFEST} there (file: "
            "name.py), or give it: path/to/file.py:Class"
        )
    entry = manifest.file or INIT
    if not entry.endswith(".py"):
        raise UserError(f"{given / entry}: not a Python file; METHOD is path/to/file.py:Class")
    if manifest.file:
        _check(given, manifest.file, "file")
    inner = f"{re.sub(r'[^0-9A-Za-z_]', '_', given.resolve().name)}/" if package else ""
    return Source(given, given, inner, f"{inner}{entry}", manifest)


def find_installed(name: str) -> Source | None:
    """The submission that an installed package offers under a name; None if none does.

    Raises:
        UserError: if the package's files can't be found.
    """
    point = installed_methods().get(name)
    if point is None:
        return None
    top, _, rest = point.module.partition(".")
    spec = find_spec(top)
    if spec is None or spec.origin is None or not Path(spec.origin).is_file():
        raise UserError(f"{name}: {point.value}: no module {top}; install the package again")
    if not spec.submodule_search_locations:
        return find(Path(spec.origin))
    folder = Path(spec.origin).parent
    path = rest.replace(".", "/")
    entry = f"{path}.py" if path and (folder / f"{path}.py").is_file() else f"{path}/{INIT}"
    entry = entry.lstrip("/")
    if not (folder / entry).is_file():
        raise UserError(f"{name}: {point.value}: no module {point.module}; install it again")
    manifest = _with_requirements(top, manifest_in(folder) or Manifest())
    return Source(folder, folder, f"{top}/", f"{top}/{entry}", manifest)


def _with_requirements(top: str, manifest: Manifest) -> Manifest:
    """The manifest of an installed package, with the versions here of what it requires."""
    there, locked = installed(), locked_packages()
    pinned = {pin(each).name: each for each in manifest.requirements}
    for package in metadata.packages_distributions().get(top, ()):
        for name in required_by(package):
            if name in there and name not in locked:
                pinned.setdefault(name, f"{name}=={there[name]}")
    return manifest.model_copy(update={"requirements": tuple(pinned[n] for n in sorted(pinned))})


def _check(folder: Path, name: str, field: str = "files") -> None:
    """Refuse a listed file that isn't a plain file in this folder."""
    where, path = f"{folder / MANIFEST}: field '{field}'", folder / name
    try:
        there = path.exists()
    except OSError:  # a name that no file can have
        there = False
    if not there:
        raise UserError(f"{where}: no {name!r:.60} in this folder; fix the name")
    if not path.resolve().is_relative_to(folder.resolve()):
        raise UserError(
            f"{where}: {name!r} is a link out of this folder; put the file itself there"
        )
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise UserError(f"{where}: {name!r} is not a file; list files one by one")
    if found.st_size > LARGEST:
        raise UserError(
            f"{where}: {name!r} has {found.st_size / 2**30:.1f} GB; at most "
            f"{LARGEST / 2**30:.0f} GB are allowed"
        )
