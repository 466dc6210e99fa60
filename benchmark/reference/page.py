"""The reference page: one section a module, one heading a name."""

import importlib
import inspect
from types import ModuleType

from benchmark.reference.docstrings import markdown
from benchmark.reference.members import Entry, Member, entries

FIRST = ("nnactive.methods", "nnactive.pool", "nnactive.query")
"""Packages in the order of the page; others follow."""


def reference(module: ModuleType) -> str:
    """The page in Markdown: all public names of a module with signatures and docstrings."""
    sections: dict[str, list[Entry]] = {}
    for entry in sorted(entries(module), key=lambda entry: _rank(entry.module)):
        sections.setdefault(entry.module, []).append(entry)
    intro = (
        f"What a method imports: `from {module.__name__} import ...`. How to use it is in "
        "[methods.md](methods.md). Axes are `(Z, Y, X)`, after classes or channels "
        "`(C, Z, Y, X)`."
    )
    head = [
        f"# Reference of `{module.__name__}`",
        "<!-- nnactive-bench method reference writes this page from the docstrings. -->",
        intro,
        "\n".join(_index(name, found) for name, found in sections.items()),
    ]
    body = [_section(name, found) for name, found in sections.items()]
    return "\n\n".join([*head, *body]) + "\n"


def _rank(module: str) -> tuple[int, str]:
    package = ".".join(module.split(".")[:2])
    return (FIRST.index(package) if package in FIRST else len(FIRST), module)


def _title(module: str) -> str:
    """The first sentence of a module's docstring."""
    first = (inspect.getdoc(importlib.import_module(module)) or module).splitlines()[0]
    return markdown(first.rstrip("."))


def _index(module: str, found: list[Entry]) -> str:
    names = ", ".join(f"[`{each.head.name}`](#{each.head.name.lower()})" for each in found)
    return f"- {_title(module)}: {names}"


def _section(module: str, found: list[Entry]) -> str:
    return "\n\n".join([f"## {_title(module)}", *(_entry(each) for each in found)])


def _entry(entry: Entry) -> str:
    parts = [f"### {entry.head.name}", _member(entry.head)]
    parts += [_member(each) for each in entry.members]
    return "\n\n".join(parts)


def _member(member: Member) -> str:
    # No language: a formatter of Python in Markdown would rewrite what is no whole statement.
    code = f"```\n{member.signature}\n```"
    return f"{code}\n\n{markdown(member.text)}" if member.text else code
