"""The workflow as a whole. The expensive steps are stand-ins (stand_in_steps.py); the command line
around them, Snakemake, the result step and the leaderboard are real."""

import os
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from toy import STAND_INS, calls, make_request, make_track, write_prepared

from benchmark import layout
from benchmark.cli.commands.tracks import finish
from benchmark.layout import Experiment
from benchmark.results import load_result
from benchmark.steps import STEPS
from benchmark.workflow import engine, rounds
from benchmark.workflow import run as run_module
from benchmark.workflow.graph import graph
from benchmark.workflow.plan import Part, Plan, jobs, threads_per_training
from benchmark.workflow.request import check_settings, history_note
from benchmark.workflow.rules import described, name, rules
from nnactive.errors import UserError
from nnactive.io.files import read_json, read_model, write_json, write_model
from nnactive.io.leases import lease
from nnactive.settings import Training

HARD_TO_QUOTE = '-a {place} {{it\'s}} $HOME 50%s "q" [*] ~ Größe #;&|\\ \n<b>'
BREAKS = """from nnactive.methods import QueryMethod

class Breaks(QueryMethod):
    '''Stops in the middle.'''
    needs = frozenset()
    def score(self, prediction):
        return None
"""


RUN = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(STAND_INS.parent)!r})
from benchmark.cli.commands.tracks import finish
from toy import make_request, make_track
folder = Path(sys.argv[1])
sys.exit(finish(make_request(folder, make_track(loops=2)), folder / "board.html"))
"""
"""Runs a track in the folder that is its argument."""


def dry_run(root: Path, plan: Plan) -> subprocess.CompletedProcess[str]:
    """What Snakemake would do."""
    with engine.workplace() as place:
        engine.write_graph(place, plan, graph(root, plan))
        return subprocess.run(
            [*engine.command(plan), "--dry-run", "--quiet", "host", "reason"],
            cwd=place,
            env=engine.environment(root),
            capture_output=True,
            text=True,
            check=True,
        )


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[Plan]:
    """Plans that runs make; nothing else of them happens."""
    plans: list[Plan] = []

    def keep(root, place, plan, told) -> int:
        plans.append(plan)
        return 0

    monkeypatch.setattr(run_module, "work_off", keep)
    return plans


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # Whatever a file system allows in a path must not matter.
    folder = tmp_path / HARD_TO_QUOTE
    folder.mkdir()
    write_prepared(folder / "data")
    monkeypatch.setenv("STAND_IN_CALLS", str(folder / "calls.txt"))
    return folder


@pytest.mark.slow
def test_a_failed_method_stops_no_other_and_is_tried_again(folder, monkeypatch, capfd) -> None:
    (folder / "breaks.py").write_text(BREAKS)
    track = make_track(loops=2)
    # With a parameter, which all paths contain.
    methods = ["power_bald,beta=.5", f"{folder / 'breaks.py'}:Breaks"]
    request = make_request(folder, track, methods)
    broken = Experiment("s", request.methods[1][0].record.id, 1)
    page = folder / "board.html"

    assert finish(request, page) == 2

    out, err = capfd.readouterr()
    assert [line for line in err.splitlines() if line.startswith("error: ")] == [
        f"error: s, {broken.method}, seed 1: loop 1, query: Breaks: 3 patches too few"
    ]
    assert f"leaderboard: {page}" in out
    assert "3 patches too few" in page.read_text()
    assert "PowerBALD, beta = 0.5" in page.read_text()
    whole = load_result(request.root / "s/power_bald,beta=0.5/seed_1/result.json")
    assert whole.status == "complete"
    assert whole.method.parameters == {"beta": 0.5}
    assert [loop.loop for loop in whole.loops] == [0, 1]
    assert whole.loops[1].counts.true_positives == ((2,),)
    assert set(whole.loops[1].costs) == {
        *("query", "annotate", "train_fold_0", "train_fold_1", "evaluate")
    }
    part = load_result(request.root / layout.result_file(broken))
    assert (part.status, len(part.loops)) == ("failed", 1)
    assert part.failure is not None
    assert part.failure.reason == "Breaks: 3 patches too few"
    # Loop 0 was made once for both: 5 steps, and 5 and the result for the method that ended.
    before = calls(folder)
    assert sum("s/start/" in output for output in before) == 5
    assert sum(before.values()) == 11

    monkeypatch.setenv("STAND_IN_FIXED", "1")
    assert finish(request, page) == 0
    fresh = calls(folder) - before
    assert set(fresh.values()) == {1}
    assert len(fresh) == 6
    assert all(f"s/{broken.method}/" in output for output in fresh)
    assert load_result(request.root / layout.result_file(broken)).status == "complete"

    # All is there: Snakemake is not even started.
    monkeypatch.setattr(rounds, "work", None)
    assert finish(request, page) == 0


@pytest.mark.slow
def test_starts_are_compared_each_with_a_loop_0_of_its_own(folder, capfd) -> None:
    starts = ("foreground33", "typiclust")
    track = make_track(loops=2, methods=starts).model_copy(update={"query": "random"})
    request = make_request(folder, track)
    assert finish(request, folder / "board.html") == 0
    done = calls(folder)
    assert set(done.values()) == {1}
    assert len(done) == 2 * (5 + 5 + 1)
    assert sum("s/start/" in output for output in done) == 5
    assert sum("s/typiclust+start/" in output for output in done) == 5
    found = load_result(request.root / "s/typiclust+random/seed_1/result.json")
    assert (found.method.start, found.method.query) == ("typiclust", "random")
    page = (folder / "board.html").read_text()
    assert "This league compares starts, not query methods" in page
    assert "TypiClust, then Random" in page

    # Another query method of the later loops is another run.
    other = make_request(folder, track.model_copy(update={"query": "bald"}))
    with pytest.raises(UserError, match=r"field 'query' was random .* and is bald now"):
        finish(other, folder / "board.html")


@pytest.mark.slow
def test_kill_ends_everything_and_the_next_call_repeats_no_finished_step(folder) -> None:
    request = make_request(folder, make_track(loops=2))
    slow = {**os.environ, "STAND_IN_SECONDS": "60"}
    process = subprocess.Popen([sys.executable, "-c", RUN, str(folder)], env=slow)
    log = request.root / "log/s/start/seed_1/loop_000/fold_0.pth.txt"
    _wait(log.exists)
    assert len(_processes_in(folder)) >= 2
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    _wait(lambda: not _processes_in(folder))
    finished = {path: path.stat().st_mtime_ns for path in request.root.rglob("s/**/loop_000*")}
    before = calls(folder)
    assert set(before.values()) == {1}
    assert not any("fold_" in output for output in before)

    assert finish(request, folder / "board.html") == 0

    assert {path: path.stat().st_mtime_ns for path in finished if path.is_file()} == {
        path: time for path, time in finished.items() if path.is_file()
    }
    assert set(calls(folder).values()) == {1}
    assert calls(folder) > before


OTHER_LAYOUT = """
from pathlib import Path
from benchmark import layout
layout._seed_folder = lambda setting, method, seed: Path(setting, method, f"run-{seed}")
layout.evaluation_file = lambda *of: layout.loop_folder(*of) / "tested" / "counts.json"
layout.track_file = lambda: Path("the_track.json")
layout.TRAIN = "training"
layout.RESULT = "outcome.json"
"""


@pytest.mark.slow
def test_a_path_is_in_the_layout_alone(folder, monkeypatch) -> None:
    # All processes of the run begin with other names for the files.
    (folder / "sitecustomize.py").write_text(OTHER_LAYOUT)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    root = folder / "runs" / "toy" / "s"
    assert (root / "start/run-1/loop_000/tested/counts.json").is_file()
    assert (root / "random/run-1/loop_001/training").is_dir()
    assert load_result(root / "random/run-1/outcome.json").status == "complete"
    assert not list(root.rglob("seed_*"))
    assert set(calls(folder).values()) == {1}


@pytest.mark.slow
def test_a_run_goes_on_where_its_data_lie_elsewhere(folder, monkeypatch, capfd) -> None:
    (folder / "breaks.py").write_text(BREAKS)
    request = make_request(folder, make_track(loops=2), [f"{folder / 'breaks.py'}:Breaks"])
    monkeypatch.setenv("STAND_IN_DATASET", str(folder / "data" / "phantom"))
    assert finish(request, folder / "board.html") == 2
    before, stamps = calls(folder), stamps_of_loop_0(request.root)
    assert len(before) == len(stamps) == 5

    # As a container has it: other names, at another depth.
    elsewhere = folder / "deeper" / "within" / "prepared"
    elsewhere.parent.mkdir(parents=True)
    (folder / "data").rename(elsewhere)
    monkeypatch.setenv("STAND_IN_DATASET", str(elsewhere / "phantom"))
    monkeypatch.setenv("STAND_IN_FIXED", "1")
    assert finish(replace(request, data=elsewhere), folder / "board.html") == 0
    assert set(calls(folder).values()) == {1}
    assert len(calls(folder)) == 5 + 5 + 1
    assert stamps_of_loop_0(request.root) == stamps


def stamps_of_loop_0(root: Path) -> dict[Path, int]:
    outputs = ("loop_000.json", "loop_000/*.pth", "loop_000/train", "loop_000/evaluation.json")
    found = [path for name in outputs for path in root.glob(f"s/start/seed_1/{name}")]
    return {
        path: (path / "labelled.json" if path.is_dir() else path).stat().st_mtime_ns
        for path in found
    }


@pytest.mark.slow
def test_a_run_that_an_older_release_began_is_continued(folder, capfd) -> None:
    request = make_request(folder, make_track(loops=2))
    assert finish(request, folder / "board.html") == 0
    before, root = calls(folder), request.root
    # Older releases wrote no seals, no version but in loop files and results; checksums had no key.
    for seal in list(root.rglob("*.seal.json")):
        seal.unlink()
    for file in (path for path in root.rglob("*.json") if not path.is_symlink()):
        content = read_json(file)
        if file.name == "datasets.json":
            write_json(file, content["checksums"])
        elif not file.name.startswith(("loop_", "result")) or file.name.count(".") > 1:
            content.pop("schema_version", None)
            write_json(file, content)
    experiment = root / "s" / "random" / "seed_1"
    (experiment / "result.json").unlink()
    (experiment / "loop_001" / "evaluation.json").unlink()
    assert finish(request, folder / "board.html") == 0
    fresh = calls(folder) - before
    assert sorted(Path(output).name for output in fresh) == ["evaluation.json", "result.json"]
    assert load_result(experiment / "result.json").status == "complete"


@pytest.mark.slow
def test_data_that_can_not_be_written_are_generated_below_the_runs(folder, planned) -> None:
    (folder / "data").rename(folder / "prepared")
    (folder / "data").touch()
    request = make_request(folder, make_track(loops=1))
    run_module.run(request, lambda progress: None)
    own = request.runs / ".datasets" / "phantom"
    assert planned[0].datasets == {"phantom": str(own)}
    assert planned[0].generated == ("phantom",)
    assert jobs(planned[0])[0].output == own / "prepared.json"

    # Snakemake has a rule for it.
    done = dry_run(request.root, planned[0])
    assert "output: prepare/phantom\n" in done.stdout
    assert f"--data {shlex.quote(str(own.parent))} --workers 2" in done.stdout

    # Once it is there it is used, whether or not data could be written by now.
    (folder / "data").unlink()
    own.parent.mkdir(parents=True)
    (folder / "prepared" / "phantom").rename(own)
    assert request.dataset("phantom") == own
    write_prepared(folder / "data")
    assert request.dataset("phantom") == folder / "data" / "phantom"


def test_a_crash_is_a_failure_that_names_its_log(folder, monkeypatch, capfd) -> None:
    monkeypatch.setenv("STAND_IN_FAULT", "crash")
    request = make_request(folder, make_track(loops=1))
    assert finish(request, folder / "board.html") == 1
    lines = [line for line in capfd.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    assert "loop 0, train fold" in lines[0]
    assert "signal 6" in lines[0]
    log = lines[0].partition("see ")[2].partition(", and run")[0]
    # A line break in a path is no line break in the message.
    assert Path(log.replace("\\n", "\n")).read_text().endswith("exit status 134\n")
    # Nobody's mistake: nothing is kept that would stop another try.
    assert not list(request.root.rglob("result.json"))


def test_two_runs_of_one_name_are_refused(folder, planned) -> None:
    request = make_request(folder, make_track())
    part = Part(writer="shard")
    with lease(request.root / layout.run_lease("shard")):
        with pytest.raises(UserError, match=rf"shard is working here \(process {os.getpid()} on "):
            run_module.run(request, lambda progress: None, part)
        assert run_module.run(request, lambda progress: None, Part(writer="other")) == []
    assert [plan.writer for plan in planned] == ["other"]


def test_what_would_mix_with_other_results_is_refused(folder, planned) -> None:
    track = make_track()
    request = make_request(folder, track)
    run_module.run(request, lambda progress: None)

    setting = track.settings[0]
    longer = setting.model_copy(update={"training": Training(folds=2, epochs=7)})
    changed = track.model_copy(update={"settings": (longer,)})
    with pytest.raises(UserError, match=r"field 'training.epochs' was 1 .* and is 7 now"):
        run_module.run(replace(request, track=changed), lambda progress: None)

    comparable = track.model_copy(update={"comparable": True})
    with pytest.raises(UserError, match="field 'comparable' was False"):
        run_module.run(replace(request, track=comparable), lambda progress: None)

    # More seeds are no contradiction.
    more = track.model_copy(update={"seeds": (1, 2)})
    run_module.run(replace(request, track=more), lambda progress: None)

    write_prepared(folder / "data", checksum="other")
    with pytest.raises(UserError, match="differs from the data that"):
        run_module.run(request, lambda progress: None)
    write_prepared(folder / "data", source="an older card")
    with pytest.raises(UserError, match="prepared from another card"):
        run_module.run(request, lambda progress: None)


def test_checksums_of_before_they_had_a_version_are_read(folder, planned) -> None:
    request = make_request(folder, make_track())
    file = request.root / "datasets.json"
    write_json(file, {"phantom": "c"})
    run_module.run(request, lambda progress: None)
    assert read_json(file) == {"schema_version": 2, "checksums": {"phantom": "c"}}
    write_json(file, {"phantom": "another"})
    with pytest.raises(UserError, match="differs from the data that"):
        run_module.run(request, lambda progress: None)


def test_data_that_is_not_prepared_is_refused_with_the_command_for_it(folder) -> None:
    track = make_track()
    setting = track.settings[0].model_copy(update={"dataset": "hippocampus"})
    request = make_request(folder, track.model_copy(update={"settings": (setting,)}))
    with pytest.raises(
        UserError, match=r"(?s)data download hippocampus .*data prepare hippocampus"
    ):
        run_module.run(request, lambda progress: None)
    assert not list(request.root.rglob("*.json"))


def test_data_that_generate_themselves_are_a_job_of_the_workflow(folder, planned) -> None:
    request = make_request(folder, make_track())
    run_module.run(replace(request, data=folder / "elsewhere"), lambda progress: None)
    assert planned[0].generated == ("phantom",)
    first = jobs(planned[0])[0]
    assert first.output == folder / "elsewhere/phantom/prepared.json"


def test_snakemake_plans_exactly_the_jobs_that_progress_counts(folder, planned) -> None:
    track = make_track(loops=3, seeds=(1, 2), methods=("random", "random_fg66"))
    request = make_request(folder, track)
    run_module.run(request, lambda progress: None)
    plan = planned[0]
    done = dry_run(request.root, plan)
    outputs = {
        line.partition("output: ")[2]
        for line in done.stdout.splitlines()
        if line.strip().startswith("output: ")
    }
    assert outputs == {name(job) for job in jobs(plan)}
    # 2 seeds x (5 steps of loop 0 + 2 methods x (2 loops x 5 steps + the result)).
    assert len(outputs) == 2 * (5 + 2 * (2 * 5 + 1))


def test_snakemake_sees_names_alone_and_no_path_from_outside(folder) -> None:
    outside = str(folder / "none")
    plan = Plan(
        datasets={"phantom": f"{outside}/phantom"},
        settings=make_track(loops=2).settings,
        experiments=(Experiment("s", "random", 1),),
        generated=("phantom",),
        cores=2,
        train_threads=1,
        gpus=(),
    )
    assert len(list(rules(plan))) == len(STEPS)
    here = {step.name for step in STEPS if step.applies(plan.settings[0])}
    told = described(plan, graph(folder, plan))
    by_step = {job.partition("/")[0]: job for job in told["jobs"]}
    assert set(by_step) == here == {step.name for step in STEPS} - {"take"}
    for job, known in told["jobs"].items():
        assert not [seen for seen in (job, *known["after"]) if outside in seen]
    for step, data in (("prepare", outside), ("query", f"{outside}/phantom")):
        command = told["jobs"][by_step[step]]["command"]
        assert f"--data {shlex.quote(data)} " in command


LOOKS_BACK = """from nnactive.methods import QueryMethod

class LooksBack(QueryMethod):
    '''Where predictions change.'''
    needs = frozenset({"mean", "history"})
    def score(self, prediction):
        return None
"""


def test_only_a_method_that_looks_back_waits_for_all_earlier_ensembles(folder) -> None:
    plan = Plan(
        datasets={"phantom": "/d/phantom"},
        settings=make_track(loops=4).settings,
        experiments=(Experiment("s", "random", 1), Experiment("s", "back", 1)),
        looking_back=("back",),
        generated=(),
        cores=2,
        train_threads=1,
        gpus=(),
    )
    told = described(plan, graph(folder, plan))["jobs"]
    query = {
        (method, loop): told[f"query/s/{method}/seed_1/loop_{loop:03d}.json"]["command"]
        for method in ("random", "back")
        for loop in (1, 2, 3)
    }
    assert "--past" not in query["random", 3] + query["back", 1]
    words = query["back", 3].split()
    start, first = "s/start/seed_1/loop_000", "s/back/seed_1/loop_001"
    members = [f"{loop}/fold_{fold}.pth" for loop in (start, first) for fold in (0, 1)]
    for option, given in (
        ("--past-member", members),
        ("--past-train", [f"{start}/train", f"{first}/train"]),
    ):
        assert [words[i + 1] for i, word in enumerate(words) if word == option] == given
    assert words[-2:] == [f"s/back/seed_1/loop_002/fold_{fold}.pth" for fold in (0, 1)]


def test_a_run_says_what_earlier_networks_take(folder) -> None:
    (folder / "back.py").write_text(LOOKS_BACK)
    track = make_track(loops=4, seeds=(1, 2))
    assert history_note(make_request(folder, track)) is None
    request = make_request(folder, track, ["random", f"{folder / 'back.py'}:LooksBack"])
    ((spec, _),) = (entry for entry in request.methods if entry[0].looks_back)
    assert request.looking_back == (spec.record.id,)
    begin = f"{spec.record.id}: looks back; keep the networks of all loops until it is done (16 "
    assert history_note(request) == f"{begin}for each such method, size not yet known)"
    member = request.root / layout.member_file(Experiment("s", "start", 1), 0, 1)
    member.parent.mkdir(parents=True)
    member.write_bytes(bytes(2**16))
    assert history_note(request) == f"{begin}for each such method, 1.0 MiB)"


@pytest.mark.slow
def test_a_run_gives_a_method_that_looks_back_all_earlier_ensembles(folder, capfd) -> None:
    (folder / "back.py").write_text(LOOKS_BACK)
    methods = ["random", f"{folder / 'back.py'}:LooksBack"]
    request = make_request(folder, make_track(loops=4), methods)
    # The stand-in of the query counts them.
    assert finish(request, folder / "board.html") == 0
    assert "looks back; keep the networks of all loops" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("cores", "folds", "gpus", "threads"),
    [(2, 2, 0, 1), (16, 5, 0, 3), (1, 5, 0, 1), (16, 5, 2, 8)],
)
def test_threads_fill_the_machine(cores, folds, gpus, threads) -> None:
    settings = [
        each.model_copy(update={"training": Training(folds=most)})
        for each, most in zip(make_track().settings * 2, (2, folds), strict=True)
    ]
    assert threads_per_training(settings, cores, gpus) == threads


def test_seeded_trainings_on_a_cpu_compute_in_one_thread() -> None:
    (setting,) = make_track().settings
    seeded = setting.model_copy(update={"training": Training(seeded=True)})
    assert threads_per_training([seeded], 16, 0) == 1
    assert threads_per_training([seeded], 16, 2) == 8
    assert threads_per_training([seeded, setting], 10, 0) == 2


def test_a_run_that_began_unseeded_is_not_continued_seeded(folder) -> None:
    request = make_request(folder, make_track())
    check_settings(request)
    (setting,) = request.track.settings
    training = setting.training.model_copy(update={"seeded": True})
    seeded = setting.model_copy(update={"training": training})
    track = request.track.model_copy(update={"settings": (seeded,)})
    with pytest.raises(UserError, match=r"'training\.seeded' was False .* and is True now"):
        check_settings(replace(request, track=track))


def test_plan_survives_its_file(folder) -> None:
    plan = Plan(
        datasets={"phantom": "/d/phantom"},
        settings=make_track().settings,
        experiments=(Experiment("s", "random", 1),),
        first_loops=(Experiment("s", "start", 1),),
        last_loop=1,
        writer="w",
        generated=(),
        cores=2,
        train_threads=1,
        gpus=("0",),
    )
    file = folder / layout.plan_file("w")
    write_model(file, plan)
    assert read_model(file, Plan) == plan


def _wait(condition, seconds=300) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _processes_in(folder: Path) -> list[int]:
    """Processes whose command names the folder, or that work in it."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            if not process.name.isdigit() or int(process.name) == os.getpid():
                continue
            command = (process / "cmdline").read_bytes()
            place = (process / "cwd").readlink()
        except OSError:
            continue
        if os.fsencode(folder) in command or place.is_relative_to(folder):
            found.append(int(process.name))
    return found
