"""What a public name is, read from its source: signature, members, docstrings."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from types import ModuleType
from typing import Any

LONGEST_VALUE = 60
WIDTH = 100
"""Longest signature on one line."""


@dataclass(frozen=True)
class Member:
    """A name of a module or class."""

    name: str
    signature: str
    """As it is written in the source, without default implementation."""
    text: str
    """Its docstring; empty if there is none."""
    needs_text: bool = True
    """Whether it can't be understood from its name, type and class alone."""


@dataclass(frozen=True)
class Entry:
    """A public name of a module."""

    head: Member
    module: str
    """Where it is defined."""
    members: tuple[Member, ...] = ()


def entries(module: ModuleType) -> list[Entry]:
    """The public names of a module, in the order of its ``__all__``."""
    public = [getattr(module, name) for name in module.__all__]
    classes = {each for each in public if inspect.isclass(each)}
    below = {name: (line, text) for name, line, text in _assigned(ast_of(module).body)}
    found = []
    for name, value in zip(module.__all__, public, strict=True):
        if inspect.isclass(value):
            found.append(Entry(_class(name, value), value.__module__, _members(value, classes)))
        elif inspect.isroutine(value):
            head = Member(name, _function(name, value), inspect.getdoc(value) or "")
            found.append(Entry(head, value.__module__))
        else:
            line, text = below.get(name, (name, ""))
            found.append(Entry(Member(name, line, text), module.__name__))
    return found


def gaps(module: ModuleType) -> list[str]:
    """Public names and members without a docstring."""
    return [
        name
        for entry in entries(module)
        for name, member in [
            (entry.head.name, entry.head),
            *((f"{entry.head.name}.{each.name}", each) for each in entry.members),
        ]
        if member.needs_text and not member.text.strip()
    ]


def ast_of(value: Any) -> ast.Module:
    """The parsed source of a module, class or function."""
    return ast.parse(textwrap.dedent(inspect.getsource(value)))


def _function(name: str, value: Any) -> str:
    try:
        return _signature(ast_of(value).body[0], bound=False)
    except (OSError, TypeError):  # not written in Python
        return f"{name}(...)"


def _class(name: str, kind: type) -> Member:
    own = kind.__dict__.get("__doc__")  # not its parent's
    bases = [base.__name__ for base in kind.__bases__ if base is not object]
    return Member(name, f"class {name}" + (f"({', '.join(bases)})" if bases else ""), own or "")


def _members(kind: type, public: set[type]) -> tuple[Member, ...]:
    """Public members of a class, and those of bases that aren't public themselves."""
    found: dict[str, Member] = {}
    for each in kind.__mro__:
        if each is not kind and (each in public or not _is_ours(each)):
            continue
        (node,) = ast_of(each).body
        if isinstance(node, ast.ClassDef):
            plain = issubclass(each, Enum)
            for member in _written(node, needs_text=plain):
                found.setdefault(member.name, member)
    return tuple(found.values())


def _is_ours(kind: type) -> bool:
    return kind.__module__.partition(".")[0] == "nnactive"


def _written(node: ast.ClassDef, *, needs_text: bool) -> Iterator[Member]:
    for name, line, text in _assigned(node.body):
        if not name.startswith("_"):
            yield Member(name, line, text, needs_text)
    overloads: dict[str, list[str]] = {}
    for each in node.body:
        if isinstance(each, ast.ClassDef) and not each.name.startswith("_"):
            yield Member(each.name, f"class {each.name}", ast.get_docstring(each) or "")
        elif isinstance(each, ast.FunctionDef) and not each.name.startswith("_"):
            signatures = overloads.setdefault(each.name, [])
            if "overload" in _decorators(each):
                signatures.append(_signature(each, bound=True))
                continue
            signature = "\n".join(signatures) or _signature(each, bound=True)
            yield Member(each.name, signature, ast.get_docstring(each) or "")


def _assigned(body: list[ast.stmt]) -> Iterator[tuple[str, str, str]]:
    """Assigned names with their lines and the docstrings below them."""
    for node, below in zip(body, [*body[1:], None], strict=True):
        text = ""
        match below:
            case ast.Expr(value=ast.Constant(value=str(found))):
                text = inspect.cleandoc(found)
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=kind, value=value):
                yield name, f"{name}: {_plain(kind)}{_default(value)}", text
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, name + _default(value), text


def _default(value: ast.expr | None) -> str:
    """What is assigned, if it is short."""
    written = f" = {ast.unparse(value)}" if value else ""
    return written if len(written) <= LONGEST_VALUE else ""


def _signature(node: ast.stmt, *, bound: bool) -> str:
    """A function's signature on one line; a property's as a field."""
    if not isinstance(node, ast.FunctionDef):
        return ""
    decorators = _decorators(node)
    returns = f" -> {_plain(node.returns)}" if node.returns else ""
    if decorators & {"property", "cached_property"}:
        return node.name + returns.replace(" -> ", ": ")
    for each in ast.walk(node.args):
        if isinstance(each, ast.arg) and each.annotation:
            each.annotation = ast.Name(_plain(each.annotation))
    if bound and "staticmethod" not in decorators:
        del (node.args.posonlyargs or node.args.args)[:1]
    line = f"{node.name}({ast.unparse(node.args)}){returns}"
    return line if len(line) <= WIDTH else f"{node.name}(\n{_listed(node.args)}){returns}"


def _decorators(node: ast.FunctionDef) -> set[str]:
    """Names of a function's decorators, without their modules."""
    return {ast.unparse(each).rpartition(".")[2] for each in node.decorator_list}


def _listed(arguments: ast.arguments) -> str:
    """Arguments one a line."""
    lines: list[str] = []
    depth = 0
    for part in ast.unparse(arguments).split(", "):
        if depth:
            lines[-1] += f", {part}"
        else:
            lines.append(part)
        depth += sum(part.count(each) for each in "[({") - sum(part.count(each) for each in "])}")
    return "".join(f"    {line},\n" for line in lines)


def _plain(annotation: ast.expr) -> str:
    """A type as written, without quotes."""
    match annotation:
        case ast.Constant(value=str(text)):
            return text
    return ast.unparse(annotation)
