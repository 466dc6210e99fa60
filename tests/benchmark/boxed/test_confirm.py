from pathlib import Path

import pytest

from benchmark.boxed.confirm import confirm
from benchmark.submission.method_string import Method
from benchmark.submission.spec import MethodSpec, describe
from nnactive.errors import UserError

MINE = '''from nnactive.methods import QueryMethod


class Mine(QueryMethod):
    """Mine."""

    class Parameters(QueryMethod.Parameters):
        beta: float = 1
        kind: str = "a"

    def score(self, prediction):
        return -prediction.mean.amax(0)
'''


@pytest.fixture
def method(tmp_path: Path) -> Method:
    (tmp_path / "mine.py").write_text(MINE)
    return Method.parse(f"{tmp_path / 'mine.py'}:Mine,beta=5,kind=a").staged()


@pytest.fixture
def spec(method: Method) -> MethodSpec:
    return describe(method)


def told(spec: MethodSpec, **record: object) -> MethodSpec:
    return spec.model_copy(update={"record": spec.record.model_copy(update=record)})


def test_a_true_description_stays_as_it_is(method: Method, spec: MethodSpec) -> None:
    assert spec.record.id.endswith(",beta=5")
    assert confirm(spec, method) == spec
    bald = Method.parse("power_bald,beta=5")
    assert confirm(describe(bald), bald) == describe(bald)


@pytest.mark.parametrize(
    "lie",
    [
        {"origin": "builtin"},
        {"source_hash": "0" * 64},
        {"requirements": ("numpy==1.0",)},
    ],
    ids=lambda lie: next(iter(lie)),
)
def test_what_the_benchmark_knows_itself_it_takes_from_nobody(
    method: Method, spec: MethodSpec, lie: dict[str, object]
) -> None:
    assert confirm(told(spec, **lie), method) == spec


@pytest.mark.parametrize(
    ("lie", "text"),
    [
        ({"id": "bald"}, "isn't that of this METHOD"),
        ({"id": "Mine-00000000,beta=5"}, "isn't that of this METHOD"),
        ({"parameters": {"beta": 4.0, "kind": "a"}}, "doesn't use beta=5"),
        ({"parameters": {"kind": "a"}}, "doesn't use beta=5"),
        ({"name": "BALD "}, "has the name of the built-in method"),
        ({"name": " "}, "its name is empty"),
        ({"name": "a\x1b[31m"}, "printable"),
        ({"name": "a\ud800"}, "printable"),
        ({"description": "x" * 1001}, "at most 1000 characters"),
        ({"reference": "a\nb"}, "on one line"),
        ({"start": "random", "query": "bald"}, "describes two methods"),
    ],
    ids=range(11),
)
def test_a_lie_is_refused(
    method: Method, spec: MethodSpec, lie: dict[str, object], text: str
) -> None:
    with pytest.raises(UserError, match=text):
        confirm(told(spec, **lie), method)


def test_flags_that_contradict_each_other_are_refused(method: Method, spec: MethodSpec) -> None:
    back = spec.model_copy(update={"looks_back": True, "needs_network": False})
    with pytest.raises(UserError, match="looks back without an ensemble"):
        confirm(back, method)
    start = told(spec, oracle=True).model_copy(update={"starts": True})
    with pytest.raises(UserError, match="sees images alone"):
        confirm(start, method)
    with pytest.raises(UserError, match="describes two methods"):
        confirm(spec.model_copy(update={"pair": (spec, spec)}), method)
