"""Start methods as METHODs: found, described, paired with a track's query method, frozen."""

from pathlib import Path

import pytest

from benchmark.layout import Experiment, query_file, result_file, spec_file, start_of
from benchmark.submission.method_string import Method
from benchmark.submission.pairs import entrant, fixed_query
from benchmark.submission.spec import describe, freeze, load_method, load_start
from nnactive.errors import UserError
from nnactive.methods import STARTS, QueryMethod, StartMethod

MINE = '''from nnactive.methods import StartMethod


class Mine(StartMethod):
    """Begins anywhere.

    Really.
    """

    class Parameters(StartMethod.Parameters):
        tries: int = 3

    def start(self, pool, n):
        return []
'''

REFUSED = {
    "no start": (
        MINE.replace("def start", "def begin"),
        "Mine never chooses patches; define start",
    ),
    "labels": (
        MINE.replace("    def start", "    oracle = True\n\n    def start"),
        "Mine: a start method sees images alone; remove oracle",
    ),
    "labels by a property": (
        MINE.replace("    def start", "    oracle = property(lambda self: True)\n\n    def start"),
        "a start method sees images alone",
    ),
    "the protocol's": (
        "from nnactive.methods import STARTS\nclass Mine(STARTS['foreground33']):\n    pass\n",
        "a start method sees images alone; remove oracle",
    ),
    "a built-in's name": (
        MINE.replace("    def start", "    name = 'typiclust'\n\n    def start"),
        "Mine has the name of the built-in method typiclust; rename it",
    ),
    "other parameters": (
        MINE.replace("(StartMethod.Parameters)", ""),
        "declare its parameters as class Parameters(StartMethod.Parameters)",
    ),
}


@pytest.fixture
def mine(tmp_path: Path) -> str:
    (tmp_path / "mine.py").write_text(MINE)
    return f"{tmp_path / 'mine.py'}:Mine"


@pytest.mark.parametrize("case", REFUSED)
def test_a_start_that_can_not_be_one_is_refused(tmp_path, case) -> None:
    text, message = REFUSED[case]
    (tmp_path / "bad.py").write_text(text)
    with pytest.raises(UserError) as caught:
        describe(f"{tmp_path / 'bad.py'}:Mine")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", STARTS)
def test_built_in_starts_are_methods_by_name(name) -> None:
    spec = describe(name)
    assert (spec.record.id, spec.starts) == (name, True)
    assert spec.record.oracle == (name == "foreground33")
    assert spec.record.description
    assert spec.record.reference


def test_a_pair_names_both_and_is_the_starts_entry(mine) -> None:
    spec = entrant(describe(f"{mine},tries=5"), "power_bald,beta=5")
    record, start = spec.record, spec.pair[0].record
    assert record.id == f"{start.id}+power_bald,beta=5"
    assert start.id.startswith("Mine-")
    assert record.name == "Mine, tries = 5, then power_bald, beta = 5"
    assert (record.start, record.query) == (start.id, "power_bald,beta=5")
    assert (record.description, record.parameters) == ("Begins anywhere.", {"tries": 5})
    assert (record.origin, record.oracle) == ("submission", False)
    assert entrant(describe(mine), "random_fg33").record.oracle
    assert entrant(describe("foreground33"), "random").record.oracle


def test_a_method_in_the_wrong_kind_of_track_is_told_where_to_go(mine) -> None:
    assert entrant(describe("bald"), None) == describe("bald")
    with pytest.raises(UserError, match=r"compares query methods; give it .* coldstart_demo"):
        entrant(describe(mine), None)
    with pytest.raises(UserError, match="bald: a query method, not a start method"):
        entrant(describe("bald"), "random")
    with pytest.raises(UserError, match="typiclust: a start method, which chooses loop 0 alone"):
        fixed_query("typiclust")
    with pytest.raises(UserError, match="must be a built-in one"):
        fixed_query(mine)


def test_what_is_frozen_makes_both_again(mine, tmp_path) -> None:
    spec = entrant(describe(f"{mine},tries=5"), "power_bald,beta=5")
    root = tmp_path / "runs"
    freeze(root, spec, Method.parse(mine).file)
    later = load_method(root / spec_file(spec.record.id))
    start = load_start(root / spec_file(spec.record.start))
    assert isinstance(later, QueryMethod)
    assert (later.name, later.parameters.beta) == ("power_bald", 5)
    assert isinstance(start, StartMethod)
    assert start.parameters.tries == 5
    with pytest.raises(UserError, match="a start method"):
        load_method(root / spec_file(spec.record.start))
    freeze(root, describe("bald"), None)
    with pytest.raises(UserError, match="a query method"):
        load_start(root / spec_file("bald"))


def test_loop_0_is_shared_by_methods_with_the_same_start() -> None:
    def place(method, loop=0):
        return str(query_file(Experiment("s", method, 1), loop))

    assert place("typiclust+random") == place("typiclust+bald") == place("typiclust+start")
    assert place("typiclust+random") == "s/typiclust+start/seed_1/loop_000.json"
    # The protocol's start lies where it always lay, whoever names it.
    assert place("foreground33+random") == place("random") == "s/start/seed_1/loop_000.json"
    assert place("typiclust+random", 1) == "s/typiclust+random/seed_1/loop_001.json"
    assert start_of("start") == start_of("random") == "foreground33"
    assert "typiclust+random" in str(result_file(Experiment("s", "typiclust+random", 1)))
