"""A run opened in Python: its experiments, its tables, and what is missing."""

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import nnactive
from benchmark import layout
from benchmark.jobs import experiment_jobs
from benchmark.layout import Experiment
from benchmark.opened.frames import cases_frame, curves_frame
from benchmark.opened.run import Run
from benchmark.results import Counts, LoopResult, patch_columns
from benchmark.submission.method_string import Method
from benchmark.submission.spec import describe, freeze
from benchmark.tracks import Track
from nnactive.errors import MethodError, UserError
from nnactive.geometry import Patch
from nnactive.io.costs import Cost, cost_file
from nnactive.io.files import read_model, write_model
from nnactive.io.queries import Query, record, save_query
from nnactive.settings import Setting
from nnactive.steps.annotate import Labelled, labelled_file
from nnactive.steps.evaluate import Evaluation

SIZE = (6, 6, 6)
BALD = Experiment("tiny", "bald", 1)
EXPERIMENTS = [BALD, BALD._replace(seed=2), Experiment("tiny", "power_bald,beta=5", 1)]


@pytest.fixture(scope="module")
def folder(phantom: Path, setting: Setting, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """STAND-IN for a run whose second loop isn't evaluated yet; nothing in it is trained."""
    from nnactive.data.prepared import PreparedDataset
    from nnactive.steps.annotate import annotate
    from nnactive.steps.start import start

    made = tmp_path_factory.mktemp("opened")
    (made / "data").mkdir()
    (made / "data" / "phantom").symlink_to(phantom)
    root = made / "runs" / "toy"
    track = Track(
        name="toy",
        title="Toy",
        description="",
        comparable=False,
        settings=(setting,),
        methods=("bald",),
        seeds=(1, 2),
    )
    write_model(root / layout.track_file(), track)
    write_model(root / layout.setting_file("tiny"), setting)
    info = PreparedDataset(phantom).info
    column = tuple((4,) * len(info.test) for _ in info.classes[1:])
    for experiment in EXPERIMENTS:
        freeze(root, describe(Method.parse(experiment.method)), None)
        query, train = (
            root / layout.query_file(experiment, 0),
            root / layout.train_folder(experiment, 0),
        )
        if not train.exists():  # the methods share it
            start(phantom, setting, experiment.seed, query)
            annotate(phantom, setting, experiment.seed, [query], None, train)
        chosen = [Patch(case.id, (4, 0, 0), SIZE) for case in info.pool[:4]]
        later = Query(
            dataset="phantom",
            setting="tiny",
            method=experiment.method,
            seed=experiment.seed,
            loop=1,
            patches=record(chosen),
        )
        save_query(root / layout.query_file(experiment, 1), later)
        counts = Evaluation(
            cases=tuple(case.id for case in info.test),
            true_positives=column,
            false_positives=column,
            false_negatives=column,
        )
        write_model(root / layout.evaluation_file(experiment, 0), counts)
        for fold in range(setting.training.folds):
            (root / layout.member_file(experiment, 0, fold)).touch()
        for job in experiment_jobs(phantom, setting, experiment):
            if job.step.has_cost and job.target.loop == 0:
                cost = Cost(seconds=1, peak_memory_gib=1, device="cpu")
                write_model(cost_file(root / job.output), cost)
    for other in ("tiny/.kept/seed_1", "tiny/other+start/seed_1", "tiny/bald/seed_x"):
        (root / other).mkdir(parents=True)
    return made


@pytest.fixture
def run(folder: Path) -> Run:
    return nnactive.open(folder / "runs" / "toy", data=folder / "data")


def test_the_experiments_are_listed_and_found_by_their_names(run: Run) -> None:
    assert run.experiments == tuple(sorted(EXPERIMENTS))
    assert [each.experiment for each in run] == sorted(EXPERIMENTS)
    assert len(run) == 3
    assert run["tiny", "bald", 2].experiment.seed == 2
    assert run["tiny", "power_bald,beta=5"].experiment == EXPERIMENTS[2]
    assert "<tiny, bald, seed 1: 1 of 3 loops finished>" in repr(run)
    with pytest.raises(UserError, match="several experiments: tiny, bald; choose from: tiny, bald"):
        run["tiny", "bald"]
    with pytest.raises(UserError, match=r"no such experiment: other; .*power_bald,beta=5, seed 1"):
        run["other"]


def test_the_patches_are_a_table(run: Run) -> None:
    frame = run["tiny", "bald", 1].patches
    assert list(frame.columns) == [
        *("loop", "number", "case", "z", "y", "x"),
        *("size_z", "size_y", "size_x"),
    ]
    assert frame.groupby("loop").size().to_dict() == {0: 10, 1: 4}
    last = frame[frame.loop == 1].iloc[-1]
    chosen = run["tiny", "bald", 1].chosen(1)
    assert (last.case, last.z, last.size_x, last.number) == (chosen[-1].case, 4, SIZE[2], 4)
    with pytest.raises(UserError, match=r"loop 2 has no patches; those with patches: \[0, 1\]"):
        run["tiny", "bald", 1].chosen(2)


def test_the_curves_have_the_finished_loops(run: Run) -> None:
    frame = run["tiny", "bald", 1].curves
    labelled = read_model(labelled_file(run.folder / layout.train_folder(BALD, 0)), Labelled)
    assert frame.loop.tolist() == [0]
    assert frame.patches.tolist() == [10]
    assert frame.voxels.tolist() == [10 * math.prod(SIZE)]
    assert frame.effort.tolist() == [sum(labelled.effort)]
    assert frame.dice.tolist() == [0.5]
    assert frame.voxels_body.tolist() == [labelled.foreground[0]]
    every = run.curves
    assert list(every.columns[:4]) == ["setting", "method", "seed", "loop"]
    assert len(every) == 3
    cases = run["tiny", "bald", 1].cases
    assert set(cases["class"]) == {"body", "organ", "lesion"}
    assert cases.dice.eq(0.5).all()


def test_a_missing_result_says_how_far_the_run_is(run: Run) -> None:
    with pytest.raises(UserError, match="bald, seed 1: has no result yet, 1 of 3 loops"):
        _ = run["tiny", "bald", 1].result


def test_the_pool_is_what_the_query_saw(run: Run) -> None:
    e = run["tiny", "bald", 1]
    pool = e.pool(1, needs=())
    assert pool.loop == 1
    assert pool.queries == 2
    assert list(pool.labelled) == e.chosen(0)
    assert pool.image(pool.cases[0]).shape[1:] == pool.shape(pool.cases[0])
    assert pool.labels_in(pool.labelled[0]).shape == SIZE
    with pytest.raises(MethodError, match="oracle = True"):
        _ = pool.oracle
    seen = e.pool(1, needs=(), oracle=True)
    label = seen.oracle.label(pool.labelled[0].case)
    assert np.array_equal(label[pool.labelled[0].slices], pool.labels_in(pool.labelled[0]))
    other = run["tiny", "bald", 2].pool(1, needs=())
    assert pool.rng("noise").integers(2**40) == e.pool(1, needs=()).rng("noise").integers(2**40)
    assert pool.rng("noise").integers(2**40) != other.rng("noise").integers(2**40)
    assert e.method.name == "bald"


def test_any_method_can_be_asked_step_by_step(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "from nnactive.methods import BUILTIN\n\n\nclass Mine(BUILTIN['random']):\n"
        "    name = 'mine'\n    def query(self, pool, n):\n"
        "        pool.file('none.csv')\n        return super().query(pool, n)\n"
    )
    e = run["tiny", "bald", 1]
    method, pool = e.ask("random", 1)
    assert method.name == "random"
    assert list(pool.labelled) == e.chosen(0)
    assert len(method.query(pool, 2)) == 2
    mine, own = e.ask(f"{file}:Mine", 1)
    with pytest.raises(MethodError, match="lists no such file"):
        mine.query(own, 2)
    assert pool.rng("x").integers(2**40) != own.rng("x").integers(2**40)
    with pytest.raises(UserError, match="a start method"):
        e.ask("typiclust", 1)


def test_a_pool_that_is_not_there_is_explained(run: Run) -> None:
    e = run["tiny", "bald", 1]
    with pytest.raises(UserError, match="loop 1 of tiny, bald, seed 1 isn't trained"):
        e.pool(2)
    with pytest.raises(UserError, match=r"loop 0: the queries of .* are loops 1 to 2"):
        e.pool(0)
    with pytest.raises(UserError, match=r"fold_0\.pth"):
        e.pool(1)
    with pytest.raises(UserError, match="needs: 'nework' is none of embedding, expected_entropy"):
        e.pool(1, needs={"nework"})
    assert e.pool(1, needs=()).loop == 1


def test_the_data_is_found_through_the_training_folders(folder: Path, phantom: Path) -> None:
    run = nnactive.open(str(folder / "runs" / "toy"))
    assert run.data == phantom.parent
    assert len(run["tiny", "bald", 1].pool(1, needs=()).cases) > 5


def test_what_is_no_run_is_refused(folder: Path) -> None:
    with pytest.raises(UserError, match=r"runs: not the folder of a track's run; .*runs toy"):
        nnactive.open(folder / "runs")
    with pytest.raises(UserError, match=r"nowhere: .* name RUNS/TRACK"):
        nnactive.open(folder / "nowhere")


def test_without_an_opener_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **_: ())
    with pytest.raises(UserError, match="nothing installed can open runs"):
        nnactive.open("runs/demo")


def test_importing_the_library_imports_neither_benchmark_nor_pandas() -> None:
    heavy = {"benchmark", "pandas", "matplotlib", "torch"}
    code = f"import nnactive.plot, sys; sys.exit(bool({heavy} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_frames_keep_what_is_undefined() -> None:
    counts = Counts(
        true_positives=((3, 0), (0, 0)),
        false_positives=((1, 0), (0, 2)),
        false_negatives=((0, 0), (0, 0)),
    )
    loop = LoopResult(
        loop=0,
        patches=patch_columns([]),
        labelled_patches=1,
        labelled_voxels=8,
        labelled_foreground=(2, 0),
        counts=counts,
        costs={},
    )
    frame = curves_frame([loop], ["body", "dot"])
    assert frame.dice_body.tolist() == [6 / 7]
    assert np.isnan(frame.dice_dot).all()
    assert frame.effort.tolist() == [None]
    cases = cases_frame([loop], ["body", "dot"], ["s", "t"]).set_index(["case", "class"]).dice
    assert cases["s", "body"] == 6 / 7
    assert cases["t", "dot"] == 0
    assert np.isnan(cases["t", "body"])
    assert curves_frame([], []).empty
