"""The reference of nnactive.methods is complete, and its page is what the code says."""

import importlib.util
import inspect
import re
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

import nnactive.methods
import nnactive.plot
from benchmark.cli.main import cli
from benchmark.reference.docstrings import markdown
from benchmark.reference.members import entries, gaps
from benchmark.reference.page import reference

PAGE = Path(__file__).parents[3] / "docs" / "methods-reference.md"

SAMPLE = '''
"""A sample."""

import typing
from dataclasses import dataclass
from enum import StrEnum
from math import hypot

__all__ = ["FACTS", "Colour", "Mine", "Point", "bare", "hypot", "works"]

FACTS: dict[str, int] = {"a": 1}
"""Known facts."""


class Parent:
    """A parent, whose text isn't its children's."""

    def told(self, what: "str | None" = None) -> int:
        """Tell it."""

    def silent(self):
        return 1


class Mine(Parent):
    size: int = 3

    @property
    def wide(self) -> "float":
        return 1.0

    @staticmethod
    def of(many: int) -> str:
        """Of ``many``."""

    @typing.overload
    def either(self, one: int) -> int: ...

    @typing.overload
    def either(self, one: str) -> str: ...

    def either(self, one):
        """As it comes."""
        return one

    def _hidden(self): ...


class Colour(StrEnum):
    """A colour."""

    RED = "red"
    """Like blood."""
    BLUE = "blue"


@dataclass(frozen=True)
class Point:
    """A point."""

    x: float
    """In mm."""
    y: float = 0.0


def bare(a, *, b: int = 2): ...


def works(a: "Parent", *others: int, **more: str) -> None:
    """Works.

    Args:
        a: one.
        others: with ``n``
            on two lines.

    Raises:
        ValueError: never.
    """
'''


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    file = tmp_path_factory.mktemp("sample") / "nnactive_sample.py"
    file.write_text(SAMPLE, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(__import__("sys").modules, file.stem, module)
        spec.loader.exec_module(module)
        yield module


def test_every_public_name_is_documented() -> None:
    assert gaps(nnactive.methods) == []
    assert gaps(nnactive.plot) == []


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(nnactive.methods), "run: make schema"


def test_the_page_has_every_name_that_can_be_imported() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert sorted(re.findall(r"^### (\w+)$", text, re.MULTILINE)) == sorted(
        nnactive.methods.__all__
    )
    anchors = set(re.findall(r"\]\(#([\w-]+)\)", text))
    assert anchors == {name.lower() for name in nnactive.methods.__all__}


def test_arguments_that_are_described_exist() -> None:
    for name in nnactive.methods.__all__:
        value = getattr(nnactive.methods, name)
        own = vars(value).values() if inspect.isclass(value) else [value]
        for function in filter(inspect.isfunction, own):
            args = re.search(r"Args:\n(.*?)(\n\n|\Z)", inspect.getdoc(function) or "", re.DOTALL)
            described = re.findall(r"^    (\w+):", args[1], re.MULTILINE) if args else []
            unknown = set(described) - set(inspect.signature(function).parameters)
            assert not unknown, (name, function)


def test_what_lacks_a_docstring_is_found(sample: ModuleType) -> None:
    assert gaps(sample) == ["Colour.BLUE", "Mine", "Mine.wide", "bare"]


def test_signatures_are_as_written(sample: ModuleType) -> None:
    found = {entry.head.name: entry for entry in entries(sample)}
    assert found["FACTS"].head.signature == "FACTS: dict[str, int] = {'a': 1}"
    assert found["FACTS"].head.text == "Known facts."
    assert found["works"].head.signature == "works(a: Parent, *others: int, **more: str) -> None"
    assert found["bare"].head.signature == "bare(a, *, b: int=2)"
    assert found["hypot"].head.signature == "hypot(...)"
    mine = [member.signature for member in found["Mine"].members]
    assert found["Mine"].head.signature == "class Mine(Parent)"
    either = "either(one: int) -> int\neither(one: str) -> str"
    assert mine == ["size: int = 3", "wide: float", "of(many: int) -> str", either]
    assert [member.text for member in found["Point"].members] == ["In mm.", ""]


def test_a_long_signature_has_one_argument_a_line() -> None:
    found = {entry.head.name: entry.head.signature for entry in entries(nnactive.methods)}
    assert found["kmeans_plus_plus"] == (
        "kmeans_plus_plus(\n    features: np.ndarray,\n    n: int,\n    rng: np.random.Generator,\n"
        "    conflicts: Conflicts | None=None,\n) -> list[int]"
    )
    assert "    function: Callable[[str, list[Patch]], np.ndarray],\n" in found["measure"]


def test_members_of_our_own_bases_are_shown_unless_these_are_public() -> None:
    found = {entry.head.name: entry for entry in entries(nnactive.methods)}
    feature = {member.name for member in found["FeatureMethod"].members}
    assert {"places", "features", "choose_by", "query"} <= feature
    assert "patch_score" not in feature  # QueryMethod's
    assert "patch_score" in {member.name for member in found["QueryMethod"].members}


def test_docstrings_become_markdown(sample: ModuleType) -> None:
    assert markdown(inspect.getdoc(sample.works)) == (
        "Works.\n\n*Args*\n\n- `a`: one.\n- `others`: with `n` on two lines.\n\n"
        "*Raises*\n\n- `ValueError`: never."
    )
    assert markdown("One\n  line.\n\nReturns:\n    Rows,\n    ``(N, D)``.") == (
        "One line.\n\n*Returns* Rows, `(N, D)`."
    )


def test_the_command_prints_it_or_writes_it(tmp_path: Path) -> None:
    printed = CliRunner().invoke(cli, ["method", "reference"])
    assert printed.output == reference(nnactive.methods)
    out = tmp_path / "page.md"
    assert CliRunner().invoke(cli, ["method", "reference", "--out", str(out)]).exit_code == 0
    assert out.read_text(encoding="utf-8") == printed.output
