"""Whether a submission imports only what fixes its results: the lock, and what it declares."""

import ast
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Final

from packaging.utils import canonicalize_name

from benchmark.submission.files.code import Import, imports, resolve
from benchmark.submission.files.find import Source
from benchmark.submission.pins import locked_packages, pin
from benchmark.submission.requirements import MANIFEST
from nnactive.errors import UserError

OWN: Final = frozenset({"nnactive", "benchmark", "leaderboard"})
"""This project's own packages."""


def check_declared(source: Source, members: Mapping[str, ast.Module | None]) -> None:
    """Refuse imports from outside the lock that the manifest doesn't declare.

    Raises:
        UserError: the line, what it imports, and the line to add.
    """
    judge = _Judge(source, members)
    for name, tree in members.items():
        package = PurePosixPath(name).parent.parts
        for each in imports(tree) if tree else ():
            problem = judge.problem(each, package)
            if problem:
                raise UserError(f"{source.shown(name)}:{each.line}: {problem}")


@dataclass(frozen=True)
class _Judge:
    source: Source
    members: Mapping[str, ast.Module | None]

    def problem(self, each: Import, package: tuple[str, ...]) -> str:
        """What is wrong with an import, and the line to add; empty if nothing is."""
        parts = resolve(each, package)
        if not parts:
            return ""
        if each.level or parts[0] in self._tops():
            return self._missing(parts, each)
        if parts[0] in sys.stdlib_module_names or parts[0] in OWN:
            return ""
        beside = self._beside(parts)
        if beside:
            return self._to_list(each, beside)
        return _outside(parts[0], self._manifest(), self.source.manifest.requirements)

    def _tops(self) -> set[str]:
        return {name.split("/")[0].removesuffix(".py") for name in self.members}

    def _missing(self, parts: tuple[str, ...], each: Import) -> str:
        """A module of the submission that isn't among its files, but lies beside them."""
        beside = self._beside(parts)
        return self._to_list(each, beside) if beside else ""

    def _beside(self, parts: tuple[str, ...]) -> str:
        """The file in the submission's folder that such an import would mean; empty if none."""
        name = "/".join(parts).removeprefix(self.source.inner)
        while name:
            for found in (f"{name}.py", f"{name}/__init__.py"):
                known = f"{self.source.inner}{found}" in self.members
                if not known and (self.source.folder / found).is_file():
                    return found
            name = name.rpartition("/")[0]
        return ""

    def _to_list(self, each: Import, beside: str) -> str:
        if self.source.inner and not each.level:
            name = PurePosixPath(beside).stem
            return f"imports {each.module} from its own package; write: from . import {name}"
        return (
            f"imports {each.module}, which isn't part of the submission; add the line "
            f"'- {beside}' under 'files:' in {self._manifest()}"
        )

    def _manifest(self) -> Path:
        return self.source.folder / MANIFEST


def _outside(top: str, manifest: Path, requirements: tuple[str, ...]) -> str:
    """What is wrong with importing an installed module; empty if it is locked or required."""
    locked = locked_packages()
    if canonicalize_name(top) in locked:
        return ""
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        spec = None
    if spec is None or spec.origin in {"built-in", "frozen"}:
        return ""  # missing, which its import says unless the code can do without
    names = {canonicalize_name(each) for each in _packages().get(top, ())}
    if names & {*locked, *(pin(each).name for each in requirements)}:
        return ""
    if not names:
        where = spec.origin or ", ".join(spec.submodule_search_locations or ())
        return (
            f"imports {top} from {where}, which no installed package has; put it beside "
            f"the method and add the line '- {Path(where).name}' under 'files:' in {manifest}"
        )
    name = min(names)
    return (
        f"imports {top}, which isn't one of the benchmark's packages; add the line "
        f"'- {name}=={metadata.version(name)}' under 'requirements:' in {manifest}"
    )


@cache
def _packages() -> Mapping[str, list[str]]:
    """Installed packages by the names of their modules."""
    return metadata.packages_distributions()
