"""What a command is called with inside, and what is mounted for it."""

from pathlib import Path, PurePosixPath

import pytest
import yaml

from benchmark.annotation.project.model import Project
from benchmark.annotation.project.places import PROJECT
from benchmark.containers.handover import hand_over
from benchmark.containers.roles import Given, Role
from benchmark.submission.method_string import Method
from benchmark.submission.spec import describe
from benchmark.tracks import FOLDER
from benchmark.workflow.datasets import GENERATED
from nnactive.errors import UserError
from nnactive.io.files import write_model

METHOD = '''"""A method."""
from nnactive.methods import QueryMethod

class Mine(QueryMethod):
    """Mine."""

    def score(self, prediction):
        return prediction.mean[0]
'''


def targets(handover) -> dict[str, tuple[Path, bool]]:
    return {str(mount.target): (mount.source, mount.writable) for mount in handover.mounts}


def test_folders_have_fixed_names_and_only_results_are_written(elsewhere) -> None:
    Path("data").mkdir()
    given = [
        Given("--cores", ("2",)),
        Given("--yes", ("True",), flag=True),
        Given("--data", ("data",), Role.DATA),
        Given("--runs", ("deep/runs",), Role.RUNS),
        Given("", ("demo",), Role.TRACK),
    ]
    found = hand_over(("track", "run"), given)
    assert found.arguments == (
        *("track", "run", "--cores=2", "--yes", "--data=/data", "--runs=/results", "demo"),
    )
    assert targets(found) == {
        "/data": (elsewhere / "data", False),
        "/results": (elsewhere / "deep" / "runs", True),
    }
    assert Path("deep/runs").is_dir()
    assert found.names[PurePosixPath("/results")] == "deep/runs"


def test_data_that_are_made_can_be_written_and_data_that_are_missing_are_not_mounted() -> None:
    assert not hand_over((), [Given("--data", ("data",), Role.DATA)]).mounts
    assert not Path("data").exists()
    kept = hand_over((), [Given("--data", ("data",), Role.KEPT_DATA)])
    assert [mount.writable for mount in kept.mounts] == [True]


def test_an_experiment_brings_the_track_that_it_is_part_of(elsewhere) -> None:
    folder = Path("runs/demo/phantom_demo/bald/seed_1")
    folder.mkdir(parents=True)
    Path("runs/demo/track.json").touch()
    found = hand_over(("replay",), [Given("--of", (str(folder),), Role.RUN)])
    assert found.arguments == ("replay", "--of=/replayed/demo/phantom_demo/bald/seed_1")
    assert targets(found) == {"/replayed/demo": (elsewhere / "runs" / "demo", False)}
    for name in ("demo/phantom_demo/bald/seed_1", "example"):
        found = hand_over(("replay",), [Given("--of", (name,), Role.RUN)])
        assert (found.arguments, found.mounts) == (("replay", f"--of={name}"), ())


def test_an_experiment_brings_the_datasets_that_its_run_generated(elsewhere) -> None:
    folder = Path("runs/demo/phantom_demo/bald/seed_1")
    folder.mkdir(parents=True)
    Path("runs/demo/track.json").touch()
    made = Path("runs", GENERATED, "phantom")
    made.mkdir(parents=True)
    found = hand_over(("show", "queries"), [Given("", (str(folder),), Role.RUN)])
    assert targets(found) == {
        "/replayed/demo": (elsewhere / "runs" / "demo", False),
        f"/replayed/{GENERATED}": (made.parent.resolve(), False),
    }


def test_a_method_file_is_mounted_alone_and_its_record_stays(elsewhere) -> None:
    Path("a").mkdir()
    Path("a/mine.py").write_text(METHOD)
    found = hand_over(("check",), [Given("", ("a/mine.py:Mine,x=1",), Role.METHOD)])
    assert found.arguments == ("check", "/submission/mine.py:Mine,x=1")
    (mount,) = found.mounts
    assert (mount.source, mount.writable) == (elsewhere / "a" / "mine.py", False)
    copy = elsewhere / "submission" / "mine.py"
    copy.parent.mkdir()
    copy.write_bytes(mount.source.read_bytes())
    here, inside = (Method.parse(f"{path}:Mine") for path in ("a/mine.py", copy))
    assert describe(here) == describe(inside)


def test_files_of_one_name_keep_apart() -> None:
    for folder in ("a", "b"):
        Path(folder).mkdir()
        Path(folder, "mine.py").write_text(METHOD)
    methods = ("a/mine.py:Mine", "b/mine.py:Mine", "a/mine.py:Other", "random")
    found = hand_over((), [Given("--method", methods, Role.METHOD)])
    assert found.arguments == (
        "--method=/submission/mine.py:Mine",
        "--method=/submission-2/mine.py:Mine",
        "--method=/submission/mine.py:Other",
        "--method=random",
    )
    assert len(found.mounts) == 2


def test_what_a_method_needs_lies_beside_it(elsewhere) -> None:
    Path("a").mkdir()
    Path("b").symlink_to("a")
    for name in ("mine.py", "other.py"):
        Path("a", name).write_text(METHOD)
    sheet = Path("a/submission.yaml")
    sheet.write_text("requirements: [einops==0.8.2]\nfile: mine.py\n")

    def mounted(*methods: str) -> dict[str, tuple[Path, bool]]:
        return targets(hand_over((), [Given("--method", methods, Role.METHOD)]))

    mine, pins = elsewhere / "a" / "mine.py", elsewhere / "a" / "submission.yaml"
    files = {"/submission/mine.py": (mine, False), "/submission/submission.yaml": (pins, False)}
    assert mounted("a/mine.py:Mine") == files
    # A folder is one place, whatever it is called: its sheet must be beside both of its files.
    other = {"/submission/other.py": (elsewhere / "a" / "other.py", False)}
    assert mounted("a/mine.py:Mine", "b/other.py:Mine,x=1") == files | other
    assert mounted("a/other.py:Mine") == other
    sheet.write_text("requirements: [einops]\n")
    with pytest.raises(UserError, match=r"^a/submission.yaml: .*'einops' is not pinned"):
        mounted("a/mine.py:Mine")


def test_a_folder_is_mounted_with_what_belongs_to_it(elsewhere) -> None:
    for name in ("pack/__init__.py", "pack/core.py", "pack/other.py", "pack/data/w.pt"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()
    Path("pack/__init__.py").write_text("from .core import Mine\n")
    Path("pack/core.py").write_text(METHOD)
    Path("pack/submission.yaml").write_text("files: [data/w.pt]\n")
    found = hand_over(("check",), [Given("", ("pack:Mine,x=1",), Role.METHOD)])
    assert found.arguments == ("check", "/submission/pack:Mine,x=1")
    names = ("__init__.py", "core.py", "data/w.pt", "submission.yaml")
    assert targets(found) == {
        f"/submission/pack/{name}": (elsewhere / "pack" / name, False) for name in names
    }
    inside = elsewhere / "submission" / "pack"
    for mount in found.mounts:
        copy = elsewhere / str(mount.target).lstrip("/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(mount.source.read_bytes())
    here, there = (Method.parse(f"{path}:Mine") for path in ("pack", inside))
    assert describe(here) == describe(there)


def test_a_sheet_that_is_a_link_shows_no_other_file(elsewhere, tmp_path) -> None:
    Path("mine.py").write_text(METHOD)
    Path("submission.yaml").symlink_to(tmp_path / "secret")
    (tmp_path / "secret").write_text("token: 1\n")
    with pytest.raises(UserError, match=r"^submission.yaml: "):
        hand_over((), [Given("", ("mine.py:Mine",), Role.METHOD)])


@pytest.mark.parametrize("folder", ["a b", "a,b", "a:b", "a\nb", "-a", 'a"b'])
def test_a_folder_may_have_any_name(folder, elsewhere) -> None:
    Path(folder).mkdir()
    Path(folder, "mine.py").write_text(METHOD)
    found = hand_over((), [Given("", (f"{folder}/mine.py:Mine,x=1",), Role.METHOD)])
    assert found.arguments == ("/submission/mine.py:Mine,x=1",)
    assert targets(found) == {"/submission/mine.py": (elsewhere / folder / "mine.py", False)}


def test_a_track_file_is_mounted_and_the_methods_that_it_names(elsewhere) -> None:
    content = yaml.safe_load((FOLDER / "demo.yaml").read_text()) | {"name": "own"}
    Path("own.yaml").write_text(yaml.safe_dump(content))
    plain = hand_over((), [Given("", ("own.yaml",), Role.TRACK)])
    assert plain.arguments == ("/track/own.yaml",)
    assert targets(plain) == {"/track/own.yaml": (elsewhere / "own.yaml", False)}

    Path("mine.py").write_text(METHOD)
    Path("own.yaml").write_text(yaml.safe_dump(content | {"methods": ["mine.py:Mine", "random"]}))
    found = hand_over((), [Given("", ("own.yaml",), Role.TRACK)])
    assert found.arguments == ("/scratch/track/own.yaml",)
    assert list(targets(found)) == ["/submission/mine.py"]
    (text,) = found.files.values()
    assert yaml.safe_load(text)["methods"] == ["/submission/mine.py:Mine", "random"]

    own = hand_over((), [Given("", (str(FOLDER / "demo.yaml"),), Role.TRACK)])
    assert own.arguments == ("demo",)
    Path("bad.yaml").write_text("name: x\n")
    with pytest.raises(UserError, match=r"^bad.yaml: field"):
        hand_over((), [Given("", ("bad.yaml",), Role.TRACK)])


def test_raw_folders_results_and_cards(elsewhere, monkeypatch) -> None:
    for folder in ("Dataset7_Knee", "runs", "other/runs", "cards"):
        Path(folder).mkdir(parents=True)
    found = hand_over(
        ("x",),
        [
            Given("", ("Dataset7_Knee",), Role.DATASET),
            Given("--results", ("runs", "other/runs"), Role.RESULTS),
        ],
    )
    assert found.arguments == (
        *("x", "--results=/results/runs", "--results=/results-2/runs", "/raw/Dataset7_Knee"),
    )
    assert not any(mount.writable for mount in found.mounts)
    assert hand_over((), [Given("", ("phantom",), Role.DATASET)]).arguments == ("phantom",)

    monkeypatch.setenv("NNACTIVE_DATASETS", "cards")
    read = hand_over((), [])
    assert targets(read) == {"/datasets": (elsewhere / "cards", False)}
    assert read.environment == {"NNACTIVE_DATASETS": "/datasets"}
    written = hand_over((), [Given("--out", ("cards",), Role.CARDS)])
    assert targets(written) == {"/datasets": (elsewhere / "cards", True)}


def test_a_file_to_write_goes_to_scratch_and_is_known_by_its_place() -> None:
    found = hand_over((), [Given("--out", ("a/page.html",), Role.PAGE)])
    assert found.arguments == ("--out=/scratch/out/page.html",)
    (output,) = found.outputs
    assert (output.place, output.seeded) == (Path("a/page.html"), False)
    assert output.companions
    assert not found.mounts


def test_an_argument_that_looks_like_an_option_is_none() -> None:
    assert hand_over((), [Given("", ("-x",))]).arguments == ("--", "-x")


@pytest.mark.parametrize("place", ["~", "/", "~/.."])
@pytest.mark.parametrize("role", [Role.RUNS, Role.DATA, Role.RAW])
def test_no_container_gets_the_home_folder(place, role) -> None:
    path = str(Path(place).expanduser())
    with pytest.raises(UserError, match="home folder, which is never mounted"):
        hand_over((), [Given("--x", (path,), role)])


def test_a_folder_without_rights_is_one_line(monkeypatch) -> None:
    Path("file").touch()
    with pytest.raises(UserError, match=r"^file/runs: can't be used: .*; allow it or choose"):
        hand_over((), [Given("--runs", ("file/runs",), Role.RUNS)])
    Path("closed").mkdir()
    problem = PermissionError(13, "Permission denied")
    monkeypatch.setattr("benchmark.containers.handover.write_problem", lambda _: problem)
    with pytest.raises(UserError, match=r"^closed: can't be used: Permission denied; allow it"):
        hand_over((), [Given("--runs", ("closed",), Role.RUNS)])
    with pytest.raises(UserError, match=r"^gone: can't be used: No such file"):
        hand_over((), [Given("--raw", ("gone",), Role.RAW)])
    with pytest.raises(UserError, match=r"^gone.py: no such file"):
        hand_over((), [Given("", ("gone.py:Mine",), Role.METHOD)])


def test_a_project_brings_what_its_file_names_elsewhere(elsewhere, tmp_path) -> None:
    own, images, label = elsewhere / "liver", tmp_path / "ct", tmp_path / "old" / "a.nii.gz"
    for folder in (own / "more", images, label.parent):
        folder.mkdir(parents=True)
    label.touch()
    (tmp_path / "mine.py").write_text(METHOD)
    content = {
        "name": "liver",
        "folder": str(images),
        "images": (),
        "channels": {"CT": "ct"},
        "classes": ("liver",),
        "patch_mm": (9, 9, 9),
        "budget": 3,
        "start": "random_start",
        "method": f"{tmp_path / 'mine.py'}:Mine",
        "given": {"a": str(label), "b": "more/b.nii.gz", "c": str(images / "c.nii.gz")},
    }
    write_model(own / PROJECT, Project.model_validate(content))
    given = [Given("", ("liver",), Role.PROJECT), Given("--images", (str(images),), Role.IMAGES)]
    found = hand_over(("annotate", "next"), given)
    assert found.arguments == ("annotate", "next", f"--images={images}", "/project")
    assert targets(found) == {
        "/project": (own, True),
        str(images): (images, False),
        str(label): (label, False),
        str(tmp_path / "mine.py"): (tmp_path / "mine.py", False),
    }
    assert found.names[PurePosixPath("/project")] == "liver"


def test_what_a_project_will_name_keeps_its_path(elsewhere, tmp_path) -> None:
    (elsewhere / "liver" / "images").mkdir(parents=True)
    (tmp_path / "a=b.nii.gz").touch()
    (tmp_path / "lists").mkdir()
    table = tmp_path / "lists" / "all.csv"
    table.touch()
    given = [
        Given("", ("liver",), Role.PROJECT),
        Given("--csv", (str(table),), Role.TABLE),
        Given("--images", ("liver/images",), Role.IMAGES),
        Given("--labels", (f"a={tmp_path / 'a=b.nii.gz'}",), Role.IMAGES),
    ]
    found = hand_over(("annotate", "init"), given)
    label = tmp_path / "a=b.nii.gz"
    assert found.arguments == (
        *("annotate", "init", f"--csv={table}", "--images=/project/images"),
        *(f"--labels=a={label}", "/project"),
    )
    assert targets(found) == {
        str(table.parent): (table.parent, False),
        "/project": (elsewhere / "liver", True),
        str(label): (label, False),
    }
