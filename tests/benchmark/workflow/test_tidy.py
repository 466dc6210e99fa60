"""Networks that nothing needs any more. Where a run is meant, its steps are stand-ins."""

from pathlib import Path

import pytest
from toy import calls, make_request, make_track, write_prepared

from benchmark import layout
from benchmark.chain import tidy as module
from benchmark.chain.tidy import Tidier, spent
from benchmark.cli.commands.tracks import finish
from benchmark.layout import Experiment
from benchmark.results import load_result
from benchmark.workflow.graph import graph
from benchmark.workflow.plan import Plan, jobs
from nnactive.geometry import Patch
from nnactive.io.costs import cost_file
from nnactive.io.files import write_model, write_text
from nnactive.io.leases import Lease
from nnactive.io.queries import PatchRecord, Query, save_query
from nnactive.steps.twins import set_name

RANDOM, BALD, BACK = (Experiment("s", name, 1) for name in ("random", "bald", "back"))
ALL = (RANDOM, BALD, BACK)


def make_plan(*experiments: Experiment, writer="own") -> Plan:
    return Plan(
        datasets={"phantom": "/d/phantom"},
        settings=make_track(loops=4).settings,
        experiments=experiments or ALL,
        writer=writer,
        looking_back=("back",),
        networkless=("random",),
        generated=(),
        cores=2,
        train_threads=1,
        gpus=(),
    )


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A track's folder in which all is done but the results; members have one byte."""
    monkeypatch.setattr(module, "KEPT_BELOW", 0)
    write_model(tmp_path / layout.track_file(), make_track(loops=4, methods=("random", "bald")))
    for job in jobs(make_plan()):
        output = tmp_path / job.output
        if job.step.name in {"start", "query"}:
            choose(tmp_path, job.target.experiment, job.target.loop)
        elif job.step.is_folder:
            output.mkdir(parents=True)
        elif job.step.name != "result":
            write_text(output, "x")
            write_text(cost_file(output), "cost")
    return tmp_path


def choose(root: Path, experiment: Experiment, loop: int, place: int | None = None) -> None:
    """Write the loop file: of a patch of its own, or at the given place."""
    own = ALL.index(experiment) if loop else 0
    start = (own if place is None else place, 0, 4 * loop)
    patch = PatchRecord(case="a", start=start, size=(4, 4, 4))
    query = Query(dataset="d", setting="s", method="m", seed=1, loop=loop, patches=(patch,))
    save_query(root / layout.query_file(experiment, loop), query)


def tidier_of(root: Path, *experiments: Experiment, keep=False) -> Tidier:
    return Tidier(root, "own", experiments, make_plan(*experiments).target, keep)


def held(root: Path, experiment: Experiment) -> set[int]:
    """Loops of which there is a network."""
    files = layout.member_files(root, "s")
    names = {layout.loop_folder(experiment, loop): loop for loop in range(4)}
    return {names[path] for file in files if (path := file.parent.relative_to(root)) in names}


def test_the_table_says_what_is_made_with_a_loops_networks() -> None:
    def made(experiment: Experiment, loop: int) -> list[str]:
        found = spent(make_plan().target(experiment), loop)
        assert [path.name for path in found.members] == ["fold_0.pth", "fold_1.pth"]
        return [str(path).partition("seed_1/")[2] for path in found.readers]

    assert made(RANDOM, 1) == ["loop_001/evaluation.json"]
    assert made(BALD, 1) == ["loop_001/evaluation.json", "loop_002.json"]
    assert made(BACK, 1) == ["loop_001/evaluation.json", "loop_002.json", "loop_003.json"]
    assert made(BACK, 3) == made(BALD, 3) == ["loop_003/evaluation.json"]


def test_what_is_done_with_goes_and_the_first_loops_stay(root) -> None:
    plan = make_plan()
    tidier_of(root, *ALL).rest()
    for experiment in ALL:
        assert held(root, experiment) == {0}
    assert (root / cost_file(layout.member_file(BALD, 1, 0))).exists()
    # Only the results are left to make, now and after a new method came.
    assert {need.job.step.name for need in graph(root, plan).needed.values()} == {"result"}


def test_what_is_still_to_be_read_stays(root) -> None:
    (root / layout.query_file(BALD, 3)).unlink()
    (root / layout.query_file(BACK, 3)).unlink()
    (root / layout.evaluation_file(RANDOM, 2)).unlink()
    tidier = tidier_of(root, *ALL)
    tidier.rest()
    assert held(root, BALD) == {0, 2, 3}
    assert held(root, BACK) == {0, 1, 2, 3}
    assert held(root, RANDOM) == {0, 2, 3}


def test_some_looks_at_a_loop_at_a_time_and_waits_for_what_is_to_come(root) -> None:
    late = root / layout.query_file(BALD, 2)
    late.rename(root / "late")
    tidier = tidier_of(root, BALD)
    for _ in range(5):
        tidier.some()
    assert held(root, BALD) == {0, 1, 2, 3}
    (root / "late").rename(late)
    for count in (3, 2, 1):
        tidier.some()
        assert len(held(root, BALD)) == count
    tidier.some()
    tidier.some()
    assert held(root, BALD) == {0}


def test_a_killed_run_is_tidied_by_the_next(root) -> None:
    (root / layout.member_file(BALD, 1, 0)).unlink()
    write_text(root / layout.result_file(RANDOM), "complete before")
    tidier_of(root, *ALL).rest()
    assert held(root, BALD) == held(root, RANDOM) == {0}


def test_few_networks_or_a_wish_keep_all(root, monkeypatch) -> None:
    everything = {0, 1, 2, 3}
    tidier_of(root, *ALL, keep=True).rest()
    assert held(root, BALD) == everything
    # Three methods, two folds, four loops, of a byte each.
    monkeypatch.setattr(module, "KEPT_BELOW", 25)
    tidier_of(root, *ALL).rest()
    assert held(root, BALD) == everything
    monkeypatch.setattr(module, "KEPT_BELOW", 24)
    tidier_of(root, *ALL).rest()
    assert held(root, BALD) == {0}


def test_another_run_at_work_on_an_experiment_keeps_its_networks(root) -> None:
    write_model(root / layout.plan_file("other"), make_plan(BALD, writer="other"))
    held_lease = Lease.take(root / layout.run_lease("other"))
    own = Lease.take(root / layout.run_lease("own"))
    assert held_lease
    assert own
    write_model(root / layout.plan_file("own"), make_plan())
    tidier = tidier_of(root, *ALL)
    tidier.rest()
    assert held(root, BALD) == {0, 1, 2, 3}
    assert held(root, RANDOM) == {0}
    (root / layout.plan_file("other")).unlink()
    tidier_of(root, BACK).rest()
    assert held(root, BACK) == {0}
    held_lease.release()
    tidier_of(root, *ALL).rest()
    assert held(root, BALD) == {0}


def kept_of(root: Path, experiment: Experiment, loop: int) -> Path:
    """A network that lies ready for others with the same patches."""
    name = set_name(
        Patch("a", (ALL.index(experiment) if each else 0, 0, 4 * each), (4, 4, 4))
        for each in range(loop + 1)
    )
    member = root / layout.kept_folder(experiment, loop) / name[:16] / "fold_0.pth"
    write_text(member, "x")
    write_text(cost_file(member), "cost")
    return member


def test_what_others_may_take_stays_until_they_differ_or_have_their_own(root) -> None:
    member = kept_of(root, BALD, 2)
    tidier_of(root, BALD).rest()
    assert not member.exists()
    assert not cost_file(member).exists()

    member = kept_of(root, BALD, 2)
    for file in root.glob("s/back/seed_1/*"):
        if file.is_dir():
            (file / "evaluation.json").unlink()
            (file / "fold_0.pth").unlink()
    for loop in (1, 2, 3):
        (root / layout.query_file(BACK, loop)).unlink()
    tidier = tidier_of(root, BALD, BACK)
    tidier.rest()
    assert member.exists()
    choose(root, BACK, 1, place=ALL.index(BALD))
    tidier.rest()
    assert member.exists()
    choose(root, BACK, 2, place=5)
    tidier.rest()
    assert not member.exists()


@pytest.mark.slow
def test_a_tidied_track_is_added_to_and_nothing_is_repeated(tmp_path, monkeypatch, capfd) -> None:
    monkeypatch.setattr(module, "KEPT_BELOW", 0)
    write_prepared(tmp_path / "data")
    monkeypatch.setenv("STAND_IN_CALLS", str(tmp_path / "calls.txt"))
    monkeypatch.setenv("STAND_IN_TWINS", "1")
    track, page = make_track(loops=3), tmp_path / "board.html"
    request = make_request(tmp_path, track, ["random", "bald"])
    assert finish(request, page) == 0
    # Networks of loop 0 lie ready for other starts, too, under a second name.
    left = [str(path.relative_to(request.root)) for path in request.root.rglob("*.pth")]
    assert len(left) == 2 * 2
    assert all("seed_1/loop_000/" in path for path in left)
    first = calls(tmp_path)

    more = make_request(tmp_path, track, ["random", "bald", "predictive_entropy"])
    assert finish(more, page) == 0
    assert all("/predictive_entropy/" in output for output in calls(tmp_path) - first)
    assert set(calls(tmp_path).values()) == {1}
    assert {load_result(file).status for file in layout.result_files(request.root)} == {"complete"}
    capfd.readouterr()
