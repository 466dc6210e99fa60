"""How a check's outcome becomes one line, and which names can be confused."""

import pytest

from benchmark.bundles.verify.findings import LONGEST, NotCheckedError, Problems, judged
from benchmark.consistency.lookalikes import name_problems, skeleton


def _fine(_: None) -> Problems:
    yield from ()
    return "all\nis well"


def _bad(_: None) -> Problems:
    yield "first " + "x" * 1000
    yield from ("more" for _ in range(2))
    return ""


def _open(_: None) -> Problems:
    yield from ()
    raise NotCheckedError("no data")


def _broken(_: None) -> Problems:
    yield from ()
    raise ValueError("columns differ")


def test_a_check_ends_in_one_line() -> None:
    assert judged("a", _fine, None).detail == "all is well"
    bad = judged("a", _bad, None)
    assert bad.state == "FAILED"
    assert bad.detail.endswith("\N{HORIZONTAL ELLIPSIS} (2 more like this)")
    assert len(bad.detail) < LONGEST + 30
    assert (judged("a", _open, None).state, judged("a", _open, None).detail) == (
        "not checked",
        "no data",
    )
    assert judged("a", _broken, None).detail == "can't be judged: columns differ"


@pytest.mark.parametrize(
    "name",
    ["BALD", "b-a-l-d", "\N{FULLWIDTH LATIN SMALL LETTER B}ald", "b\N{CYRILLIC SMALL LETTER A}ld",
     "b\N{GREEK SMALL LETTER ALPHA}ld", "ba1d", "BA\N{LATIN SMALL LETTER I}D", "b\u00e1ld"],
    ids=ascii,
)  # fmt: skip
def test_names_that_look_like_another(name: str) -> None:
    assert skeleton(name) == skeleton("bald")


@pytest.mark.parametrize("name", ["bold", "my_bald", "bald2", "power_bald"])
def test_names_that_do_not(name: str) -> None:
    assert skeleton(name) != skeleton("bald")
    assert not list(name_problems(name))


@pytest.mark.parametrize(
    "name", ["", " ", "--", "\N{ZERO WIDTH SPACE}", "x" * 101, "a\nb"], ids=ascii
)
def test_names_that_nobody_can_read(name: str) -> None:
    assert list(name_problems(name))
