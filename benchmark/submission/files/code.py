"""Python source as data: what it means, whatever its comments and layout, and what it imports."""

import ast
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nnactive.errors import UserError

IMPORT_MODULE = "import_module"
LOADERS = {IMPORT_MODULE, "__import__"}
"""Functions that import the module that their argument names."""


@dataclass(frozen=True)
class Import:
    """One module that a file imports, anywhere in it."""

    module: str
    """As written, without leading dots."""
    level: int
    """Number of leading dots."""
    line: int


def parse(path: Path, shown: str) -> ast.Module:
    """The syntax tree of a file; ``shown`` names it in errors.

    Raises:
        UserError: if it isn't Python.
    """
    try:
        return ast.parse(path.read_bytes())
    except SyntaxError as error:
        raise UserError(f"{shown}: line {error.lineno}: {error.msg}") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{shown}: not Python ({error})") from error


def meaning(tree: ast.AST) -> str:
    """SHA-256 of what code means: comments and layout don't count, docstrings do.

    Results record a class's docstring, so another one is another method. The same for all versions
    of Python, whose own dumps of a tree differ.
    """
    digest = hashlib.sha256()
    for word in _words(tree):
        digest.update(f"{len(word)}:{word}".encode(errors="surrogatepass"))
    return digest.hexdigest()


def _words(node: object) -> Iterator[str]:
    if isinstance(node, ast.AST):
        yield type(node).__name__
        for name, value in sorted(ast.iter_fields(node)):
            # An empty field may be new in a later Python.
            if value is not None and value != [] and name not in {"kind", "type_ignores"}:
                yield name
                yield from _words(value)
            elif name == "value" and isinstance(node, ast.Constant):
                yield "None"
        yield ")"
    elif isinstance(node, list):
        for each in node:
            yield from _words(each) if each is not None else ("None",)
        yield "]"
    else:
        # The decimals of a huge number can't be written.
        yield f"{type(node).__name__} {hex(node) if type(node) is int else repr(node)}"


def imports(tree: ast.Module) -> list[Import]:
    """Every module that a file imports, in functions, too; by line.

    ``from a import b`` gives ``a`` and ``a.b``, which may be a module.
    """
    found: list[Import] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [Import(each.name, 0, node.lineno) for each in node.names]
        elif isinstance(node, ast.ImportFrom):
            head = node.module or ""
            found.append(Import(head, node.level, node.lineno))
            inner = [f"{head}.{each.name}".lstrip(".") for each in node.names]
            found += [Import(each, node.level, node.lineno) for each in inner]
        elif isinstance(node, ast.Call) and (name := _loaded(node)):
            found.append(Import(name, 0, node.lineno))
    return sorted(found, key=lambda each: (each.line, each.level, each.module))


def _loaded(node: ast.Call) -> str:
    """The module that ``importlib.import_module("name")`` and the like import."""
    if _called(node) not in LOADERS or not node.args:
        return ""
    name = getattr(node.args[0], "value", None)
    return name if isinstance(name, str) and not name.startswith(".") else ""


def _called(node: ast.Call) -> str | None:
    """The last part of the name of what is called."""
    return getattr(node.func, "attr", None) or getattr(node.func, "id", None)


def resolve(each: Import, package: Sequence[str]) -> tuple[str, ...]:
    """The parts of an imported module's full name.

    Args:
        each: the import.
        package: parts of the importing module's package; empty for a module at the top.
    """
    parts = tuple(part for part in each.module.split(".") if part)
    if not each.level:
        return parts
    kept = len(package) - (each.level - 1)
    return (*package[: max(0, kept)], *parts)


class Rename(ast.NodeTransformer):
    """Makes ``import helper`` mean the submission's own helper: a module below ``root``.

    Two submissions may each have a helper of that name in one process.
    """

    def __init__(self, root: str, tops: frozenset[str]) -> None:
        """Take the package that holds the submission, and the names at its top."""
        self.root, self.tops = root, tops

    def visit_Call(self, node: ast.Call) -> ast.Call:
        """``importlib.import_module("helper")`` loads that module."""
        self.generic_visit(node)
        name = _loaded(node)
        if _called(node) == IMPORT_MODULE and name.partition(".")[0] in self.tops:
            node.args[0] = ast.copy_location(ast.Constant(f"{self.root}.{name}"), node.args[0])
        return node

    def visit_Import(self, node: ast.Import) -> ast.Import:
        """``import helper.part`` loads that module and binds ``helper``."""
        names: list[ast.alias] = []
        for each in node.names:
            top = each.name.partition(".")[0]
            if top not in self.tops:
                names.append(each)
            elif each.asname:
                names.append(ast.alias(f"{self.root}.{each.name}", each.asname))
            else:
                if each.name != top:
                    names.append(ast.alias(f"{self.root}.{each.name}", top))
                names.append(ast.alias(f"{self.root}.{top}", top))
        return ast.copy_location(ast.Import(names), node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom:
        """``from helper import name``."""
        if node.level or (node.module or "").partition(".")[0] not in self.tops:
            return node
        inner = f"{self.root}.{node.module}"
        return ast.copy_location(ast.ImportFrom(inner, node.names, 0), node)
