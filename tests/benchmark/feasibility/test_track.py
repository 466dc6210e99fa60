"""A track's budgets against its pools, from prepared.json, before anything is trained."""

from pathlib import Path

import pytest
import yaml

from benchmark.cli.commands.author.methods import demands
from benchmark.cli.main import main
from benchmark.feasibility.demands import Demands
from benchmark.feasibility.pools import prepared_pools
from benchmark.feasibility.setting import judge_setting
from benchmark.feasibility.track import check_track
from benchmark.submission.method_string import Method
from benchmark.tracks import load_track
from nnactive.data.cards import load_card
from nnactive.data.prepared import CaseInfo, PreparedInfo
from nnactive.errors import UserError
from nnactive.io.files import read_model, write_model
from nnactive.methods.demand import Demand
from nnactive.settings import Setting, TakenQueries, Training
from nnactive.steps.start import start

SHAPE = (16, 20, 20)
DEMANDS = {"random": (Demand(search="drawn"),)}
HELPER = """from nnactive.methods import QueryMethod


class Few(QueryMethod):
    '''Puts forward one patch an image.'''

    def score(self, prediction):
        return prediction.mean[0]

    def limit(self, pool):
        return {limit}
"""


def prepared(cases=6, classes=(0, 1, 2, 3), tested=(0, 1, 2, 3), shape=SHAPE) -> PreparedInfo:
    """The record of a dataset whose cases all have the same classes."""
    ids = [f"case_{number:02d}" for number in range(cases)]
    return PreparedInfo(
        protocol_version="1.0",
        name="phantom",
        channels=("intensity",),
        classes=("background", "a", "b", "c"),
        spacing=(1.0, 1.0, 1.0),
        pool=tuple(CaseInfo(id=case, shape=shape, classes=classes) for case in ids),
        test=(CaseInfo(id="test", shape=shape, classes=tested),),
        pool_voxels=(1, 1, 1, 1),
        split_kind="rule",
        checksum="c",
        source=load_card("phantom").preparation_hash(),
    )


def setting(**changes) -> Setting:
    fields = {
        "name": "toobig",
        "dataset": "phantom",
        "regime": "x",
        "patch_size": (8, 10, 10),
        "starting_budget": 12,
        "query_size": 16,
        "loops": 4,
        "candidates": 16,
        "training": Training(folds=2, epochs=1),
    }
    return Setting.model_validate(fields | changes)


def findings(info, asked, demands=DEMANDS, seeds=(12345,)):
    found = list(judge_setting(asked, info, seeds, demands))
    impossible = [each.text for each in found if each.impossible]
    return impossible, [each.text for each in found if not each.impossible]


def test_a_budget_beyond_the_pool_is_named_with_what_fits() -> None:
    (impossible,), _ = findings(prepared(cases=8), setting(starting_budget=24, query_size=20))
    assert "no room for 84 patches (24 + 3 x 20) of 8x10x10 voxels in phantom" in impossible
    assert "the pool's 8 images hold at most 64" in impossible
    assert "the largest query_size that can fit is 13" in impossible


def test_between_the_bounds_is_a_doubt_and_ample_room_is_silence() -> None:
    impossible, (doubt,) = findings(prepared(cases=8), setting(query_size=8))
    assert not impossible
    assert "it isn't certain that 36 patches (12 + 3 x 8) of 8x10x10 voxels find room" in doubt
    assert "which holds at most 64, fewer where they lie badly; " in doubt
    wide = prepared(cases=20, shape=(90, 90, 90))
    assert findings(wide, setting()) == ([], [])


def test_the_methods_that_lack_room_are_named() -> None:
    wide = prepared(cases=20, shape=(90, 90, 90))
    both = {**DEMANDS, "mine": (Demand(search="grid", limit=1),)}
    (impossible,), _ = findings(wide, setting(query_size=50, candidates=20), both)
    assert "in phantom for mine: the pool's 20 images put forward at most 20" in impossible
    assert "the largest query_size that can fit is 20" in impossible
    mine = {"mine": (Demand(search="grid", limit=1),)}
    assert "for mine" not in findings(wide, setting(query_size=50), mine)[0][0]


def test_the_starting_budget_needs_two_unused_cases_a_class() -> None:
    # Four classes need eight cases.
    (first, *_), _ = findings(prepared(cases=7, shape=(90, 90, 90)), setting())
    assert "the pool has 7 cases, but the starting budget takes two unused cases for each" in first
    assert "seed 12345" in first
    assert not findings(prepared(cases=8, shape=(90, 90, 90)), setting())[0]
    (told, *_), _ = findings(prepared(cases=8, shape=(90, 90, 90)), setting(starting_budget=7))
    assert "needs at least 8" in told
    # Older datasets don't know which case has which class, but how many cases there are.
    assert findings(prepared(cases=7, classes=None, shape=(90, 90, 90)), setting())[0]
    assert not findings(prepared(cases=9, classes=None, shape=(90, 90, 90)), setting())[0]


def test_a_start_from_images_alone_needs_no_cases_of_every_class() -> None:
    info, asked = prepared(cases=7, shape=(90, 90, 90)), setting()
    assert findings(info, asked)[0]
    assert not list(judge_setting(asked, info, (12345,), DEMANDS, protocol=False))
    few = setting(training=Training(folds=10))
    (told,) = judge_setting(few, info, (12345,), DEMANDS, protocol=False)
    assert "too few for 10 folds" in told.text


def test_folds_need_as_many_labelled_cases() -> None:
    asked = setting(training=Training(folds=10))
    (told,), _ = findings(prepared(cases=9, shape=(90, 90, 90)), asked)
    assert "too few for 10 folds; the most folds that fit: 9" in told


def test_a_class_that_no_test_case_has_is_told() -> None:
    wide = prepared(cases=9, tested=(0, 1, 3), shape=(90, 90, 90))
    impossible, (doubt,) = findings(wide, setting())
    assert not impossible
    assert "class 'b' is in no test case of phantom" in doubt


@pytest.fixture
def track(tmp_path, monkeypatch):
    """A track on a dataset with this record; its folder."""
    monkeypatch.chdir(tmp_path)

    def write(info: PreparedInfo, methods=("random",), **changes) -> list[str]:
        (tmp_path / "data" / "phantom").mkdir(parents=True)
        write_model(tmp_path / "data" / "phantom" / "prepared.json", info)
        content = {
            "name": "toobig",
            "title": "t",
            "description": "d",
            "comparable": False,
            "seeds": [12345],
            "methods": list(methods),
            "settings": [setting(**changes).model_dump(mode="json")],
        }
        Path("toobig.yaml").write_text(yaml.safe_dump(content))
        places = ["--data", "data", "--runs", "runs", "--out", "page.html", "--cores", "1"]
        return ["track", "run", "toobig.yaml", *places]

    return write


def test_track_run_refuses_before_anything_runs(track, capsys) -> None:
    command = track(prepared(cases=8), starting_budget=24, query_size=20)
    assert main(command) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: track toobig: setting toobig: no room for 84 patches")
    assert not list(Path("runs").rglob("*.json"))
    assert main(["track", "show", "toobig.yaml", "--data", "data"]) == 0
    assert "warning: track toobig: setting toobig: no room" in capsys.readouterr().err
    submit = ["submit", "bald", "--track", "toobig.yaml", *command[3:]]
    assert main(submit) == 2
    assert "no room for 84 patches" in capsys.readouterr().err


def test_the_limit_of_a_submitted_method_is_asked_for_the_real_pool(track) -> None:
    track(prepared(cases=12, shape=(60, 60, 60)))
    content = load_track("toobig.yaml")
    pools = prepared_pools(content, Path("data"), Path("runs"))
    # The synthetic pools of the check have fewer cases, so it is content.
    Path("few.py").write_text(HELPER.replace("{limit}", "1 if len(pool.cases) > 5 else 9"))
    method = Method.parse("few.py:Few")
    told = "the pool's 12 images put forward at most 12 patches, at most 1 each, and a query needs"
    with pytest.raises(UserError, match=told):
        check_track(content, pools, {"few": demands(method, pools)})
    Path("few.py").write_text(HELPER.replace("{limit}", "'many'"))
    with pytest.raises(UserError, match=r"Few: limit: TypeError: .* \(setting toobig\)"):
        demands(method, pools)


def test_a_method_is_judged_only_where_it_queries(track) -> None:
    track(prepared(cases=12, shape=(60, 60, 60)))
    content = load_track("toobig.yaml")
    pools = prepared_pools(content, Path("data"), Path("runs"))
    few = {"few": Demands(settings={"toobig": (Demand(search="grid", limit=1),)})}
    with pytest.raises(UserError, match="put forward at most 12 patches"):
        check_track(content, pools, few)
    left_out = content.model_copy(update={"left_out": {"toobig": ("few",)}})
    assert check_track(left_out, pools, few) == []
    # Another track has chosen already.
    (asked,) = pools.settings
    asked = asked.model_copy(update={"queries": TakenQueries(track="main")})
    taken = content.model_copy(update={"settings": (asked,)})
    pools = prepared_pools(taken, Path("data"), Path("runs"))
    assert check_track(taken, pools, few) == []


def test_demands_survive_a_file(tmp_path) -> None:
    written = Demands(settings={"s": (Demand(search="grid", limit=3, alpha="0.66"),)})
    write_model(tmp_path / "d.json", written)
    assert read_model(tmp_path / "d.json", Demands) == written


def test_the_start_refuses_what_no_method_can_spend(tmp_path) -> None:
    """A dataset that the run itself generates is judged there."""
    write_model(tmp_path / "prepared.json", prepared(cases=8))
    asked = setting(starting_budget=24, query_size=20)
    with pytest.raises(UserError, match=r"no room for 84 patches .* hold at most 64; lower"):
        start(tmp_path, asked, 1, tmp_path / "loop_000.json")


@pytest.mark.parametrize(("start", "told"), [("typiclust", False), ("foreground33", True)])
def test_a_track_of_starts_is_judged_by_its_query_method(track, capsys, start, told) -> None:
    track(prepared(cases=7, shape=(90, 90, 90)), (start,))
    with Path("toobig.yaml").open("a") as file:
        file.write("query: random\n")
    assert main(["track", "show", "toobig.yaml", "--data", "data"]) == 0
    shown = capsys.readouterr()
    assert ("takes two unused cases" in shown.err) == told
    assert "warning" in shown.err or not told
    assert f"starts (1): {start}\n" in shown.out
    assert "query method of all later loops: random\n" in shown.out


@pytest.mark.parametrize("query", ["typiclust", "nope", "power_bald,bta=1"])
def test_a_track_whose_query_is_no_query_method_is_refused(track, capsys, query) -> None:
    track(prepared(), ("typiclust",))
    with Path("toobig.yaml").open("a") as file:
        file.write(f"query: {query}\n")
    assert main(["track", "show", "toobig.yaml"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: toobig.yaml: field 'query': ")
