"""Tracks that take each other's queries."""

from pathlib import Path

import pytest

from benchmark import layout
from benchmark.cli.main import main
from benchmark.cycles.find import check_runs
from benchmark.tracks import FOLDER, load_track, track_names
from nnactive.errors import UserError
from nnactive.io.files import write_model
from nnactive.settings import Setting, TakenQueries


def write(folder: Path, name: str, takes: str | None, file: str | None = None) -> Path:
    path = folder / (file or f"{name}.yaml")
    queries = f"    queries: {{track: {takes}}}\n" if takes else ""
    path.write_text(
        f"name: {name}\ntitle: T\ndescription: of queries\ncomparable: false\nseeds: [1]\n"
        f"methods: [random]\nsettings:\n  - dataset: hippocampus\n    regime: low\n{queries}"
    )
    return path


def setting(takes: str | None) -> Setting:
    return Setting(
        name="s",
        dataset="phantom",
        regime="r",
        patch_size=(4, 4, 4),
        starting_budget=1,
        query_size=1,
        queries=TakenQueries(track=takes) if takes else None,
    )


def refused(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        load_track(str(path))
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_a_track_that_takes_its_own_queries_is_refused(tmp_path) -> None:
    assert "'a' is this track; name another one" in refused(write(tmp_path, "a", "a"))


def test_two_track_files_that_take_each_others_queries_are_refused(tmp_path) -> None:
    a, b = write(tmp_path, "a", "b"), write(tmp_path, "b", "a", "second.yml")
    assert refused(a) == (
        f"{a}: tracks take each other's queries (a -> b -> a), so none can run first; "
        "remove 'queries' from one of them"
    )
    assert "(b -> a -> b)" in refused(b)


def test_three_are_refused_and_whoever_takes_from_them(tmp_path) -> None:
    for name, takes in ("ab", "bc", "ca", "da"):
        write(tmp_path, name, takes)
    assert "(a -> b -> c -> a)" in refused(tmp_path / "a.yaml")
    assert "(a -> b -> c -> a)" in refused(tmp_path / "d.yaml")


def test_a_chain_is_allowed_whatever_else_the_folder_holds(tmp_path) -> None:
    for name, takes in (("a", "b"), ("b", "c"), ("c", "main")):
        write(tmp_path, name, takes)
    write(tmp_path, "c", "a", "c_copy.yaml")  # c.yaml counts
    (tmp_path / "broken.yaml").write_text("queries: [")
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder.yaml").mkdir()
    assert load_track(str(tmp_path / "a.yaml")).taken_from == "b"


def test_copies_of_a_track_file_decide_nothing(tmp_path) -> None:
    a = write(tmp_path, "a", "b")
    write(tmp_path, "b", "a", "old.yaml")
    assert "a -> b -> a" in refused(a)
    write(tmp_path, "b", None, "new.yaml").write_text((tmp_path / "old.yaml").read_text())
    assert load_track(str(a)).taken_from == "b"


@pytest.mark.parametrize("length", [1, 2, 3])
def test_tracks_in_the_runs_folder_are_looked_at(tmp_path, length) -> None:
    names = "abc"[:length]
    for name, takes in zip(names[1:], (*names[2:], "a"), strict=False):
        write_model(tmp_path / name / layout.setting_file("s"), setting(takes))
    cycle = " -> ".join((*names, "a"))
    with pytest.raises(UserError, match=f"each other's queries \\({cycle}\\)") as caught:
        check_runs(tmp_path / "a", "a", [setting((*names, "a")[1])])
    assert "\n" not in str(caught.value)
    check_runs(tmp_path / "a", "a", [setting(None)])
    check_runs(tmp_path / "a", "a", [setting("elsewhere")])


@pytest.mark.parametrize("words", [["plan"], ["track", "run"]])
def test_plan_and_run_refuse_before_anything_is_written(tmp_path, words, capsys) -> None:
    (tmp_path / "here").mkdir()
    path = write(tmp_path / "here", "a", "b")
    runs, name = tmp_path / "runs", "hippocampus_low"
    write_model(
        runs / "b" / layout.setting_file(name),
        load_track(str(path)).settings[0].model_copy(update={"queries": TakenQueries(track="a")}),
    )
    assert main([*words, str(path), "--runs", str(runs), "--data", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert "(a -> b -> a)" in told, told
    assert not (runs / "a" / layout.setting_file(name)).exists()


def test_no_track_of_the_benchmark_is_in_a_cycle() -> None:
    for name in track_names():
        load_track(str(FOLDER / f"{name}.yaml"))
