import shutil
from pathlib import Path

import pytest
from replayed import Run

from benchmark import layout
from benchmark.chain.images import Checksums
from benchmark.cli.main import main
from benchmark.replay.find import Moment, find_experiment, find_moment
from nnactive.errors import UserError
from nnactive.io.files import write_model
from nnactive.io.queries import START
from nnactive.methods import QueryMethod


@pytest.fixture
def copy(run: Run, tmp_path: Path) -> Run:
    shutil.copytree(run.root, tmp_path / "runs" / "tiny", symlinks=True)
    copied = Run(tmp_path / "runs" / "tiny", run.setting, run.data)
    for folder in (copied.root / "tiny").iterdir():  # other tests' methods
        if folder.is_dir() and folder.name not in {START, "bald"}:
            shutil.rmtree(folder)
    (copied.root / layout.query_file(copied.experiment("bald"), 1)).unlink(missing_ok=True)
    return copied


def test_an_experiment_has_several_names(copy: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = copy.root.parent
    wanted = (copy.root, copy.experiment("bald"))
    monkeypatch.chdir(runs.parent)
    for name in (
        str(copy.folder("bald")),
        "runs/tiny/tiny/bald/seed_7",
        "tiny/tiny/bald/seed_7",
        "tiny/tiny/bald/7",
        "tiny/tiny/bald",
        "tiny/tiny",
        "tiny",
    ):
        assert find_experiment(name, runs) == wanted
    assert find_experiment("tiny/tiny/start", runs)[1] == copy.experiment(START)


def test_a_name_that_fits_several_lists_them(copy: Run) -> None:
    copy.folder("random").mkdir(parents=True)
    with pytest.raises(UserError) as refusal:
        find_experiment("tiny", copy.root.parent)
    assert str(refusal.value).endswith(
        "holds several experiments; name one of tiny/tiny/bald/seed_7, tiny/tiny/random/seed_7"
    )


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nothing", "nothing: no such run here or in "),
        (".", "isn't part of a track's run; it holds the tracks tiny: name one"),
        ("tiny/log", "holds no experiment; run the track first"),
    ],
)
def test_what_is_no_run_is_refused(copy: Run, name: str, told: str, monkeypatch) -> None:
    monkeypatch.chdir(copy.root.parent)
    (copy.root / "log").mkdir()
    with pytest.raises(UserError, match=told):
        find_experiment(name, copy.root.parent)


@pytest.mark.parametrize("loop", [0, 3, -1])
def test_only_loops_with_a_query_can_be_replayed(copy: Run, loop: int) -> None:
    with pytest.raises(UserError, match=f"loop {loop}: the queries of .* are loops 1 to 2"):
        find_moment("tiny", loop, data=copy.data, runs=copy.root.parent)


def test_a_loop_that_is_not_trained_is_refused(copy: Run) -> None:
    with pytest.raises(UserError, match=r"loop_001\.json: missing, so loop 1 of .*; replay loop 1"):
        find_moment("tiny", 2, data=copy.data, runs=copy.root.parent)
    (copy.root / layout.member_file(copy.experiment(START), 0, 1)).unlink()
    with pytest.raises(UserError, match=r"fold_1\.pth: missing, so loop 0 .*; continue the run"):
        find_moment("tiny", 1, data=copy.data, runs=copy.root.parent)


def test_other_data_than_the_runs_is_refused(copy: Run, tmp_path: Path, capsys) -> None:
    options = ["--of", str(copy.root), "--data", str(tmp_path / "data")]
    assert main(["replay", "bald", *options]) == 2
    assert "phantom: not prepared; run nnactive-bench data prepare" in capsys.readouterr().err
    file = copy.root / layout.datasets_file()
    write_model(file, Checksums(checksums={"phantom": "another"}))
    with pytest.raises(
        UserError, match=r"differs from the data that the runs in .* were started with"
    ):
        find_moment("tiny", 1, data=copy.data, runs=copy.root.parent)


def test_an_unknown_method_is_refused_at_once(copy: Run, capsys) -> None:
    options = ["--of", str(copy.root), "--data", str(copy.data)]
    assert main(["replay", "random", "blad", *options]) == 2
    assert capsys.readouterr().err.startswith("error: unknown method 'blad'; known methods: ")
    assert main(["replay", "power_bald,alpha=2", *options]) == 2
    assert "has no parameter 'alpha'" in capsys.readouterr().err
    assert main(["replay", "random", "bald", "--param", "beta=1", *options]) == 2
    assert "--param needs exactly one METHOD" in capsys.readouterr().err


class LooksBack(QueryMethod):
    """Looks at earlier predictions."""

    needs = frozenset({"mean", "history"})


def test_networks_that_the_run_dropped_are_refused_with_a_way_out(copy: Run) -> None:
    member = copy.root / layout.member_file(copy.experiment(START), 0, 1)
    member.unlink()
    evaluation = copy.root / layout.evaluation_file(copy.experiment(START), 0)
    evaluation.write_text("done")
    told = r"fold_1\.pth: deleted once .*; run the track again in another --runs folder with --keep"
    with pytest.raises(UserError, match=told):
        find_moment("tiny", 1, data=copy.data, runs=copy.root.parent)
    # A later loop, of a method that needs this one's, too.
    later = Moment(copy.root, copy.experiment("bald"), copy.setting, 2, copy.data)
    with pytest.raises(UserError, match=told):
        later.inputs(LooksBack(), "back")


def test_a_loop_with_networks_is_named_instead_of_a_dropped_one(copy: Run) -> None:
    bald = copy.experiment("bald")
    (copy.root / layout.query_file(bald, 1)).write_text("chosen")
    (copy.root / layout.train_folder(bald, 1)).mkdir(parents=True, exist_ok=True)
    for fold in range(copy.setting.training.folds):
        (copy.root / layout.member_file(bald, 1, fold)).unlink(missing_ok=True)
    (copy.root / layout.evaluation_file(bald, 1)).write_text("done")
    with pytest.raises(UserError, match=r"deleted once .*; replay loop 1, or run the track again"):
        find_moment("tiny", 2, data=copy.data, runs=copy.root.parent)
