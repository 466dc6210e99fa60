"""What a container gets to see of an annotation project: each path that a command is given."""

from pathlib import Path, PurePosixPath

import pytest

from benchmark.annotation.project.model import Project
from benchmark.annotation.project.places import PROJECT
from benchmark.cli.main import main
from benchmark.containers.handover import hand_over
from benchmark.containers.links import links_out
from benchmark.containers.roles import Given, Role
from nnactive.errors import UserError
from nnactive.io.files import write_model

METHOD = "class Mine: ...\n"


def mounts(made: dict) -> dict[str, tuple[str, bool]]:
    """Source, and whether it is read-only, by place inside; without the scratch folder."""
    found = made["host_config"]["Mounts"]
    return {
        each["Target"]: (each["Source"], each["ReadOnly"])
        for each in found
        if each["Target"] != "/scratch"
    }


def inside(*given: Given) -> tuple[tuple[str, ...], dict[str, Path]]:
    """Arguments inside, and what is mounted where for a project in ``liver``."""
    found = hand_over((), [Given("", ("liver",), Role.PROJECT), *given])
    targets = {str(mount.target): mount.source for mount in found.mounts}
    del targets["/project"]
    return found.arguments, targets


def images(text: str) -> Given:
    return Given("--images", (text,), Role.IMAGES)


@pytest.fixture
def store(tmp_path: Path, elsewhere: Path) -> Path:
    """A folder of files that links lead to."""
    folder = tmp_path / "store"
    (folder / "deep").mkdir(parents=True)
    for name in ("a.nii.gz", "b.nii.gz", "deep/c.nii.gz"):
        (folder / name).touch()
    return folder


def test_init_brings_its_methods_images_table_and_labels(client, elsewhere, tmp_path) -> None:
    for folder in ("own/pack", "ct", "lists", "known"):
        Path(folder).mkdir(parents=True)
    for name in ("own/pack/__init__.py", "ct/a.nii.gz", "lists/all.txt", "known/a.nii.gz"):
        Path(name).touch()
    Path("own/mine.py").write_text(METHOD)
    Path("own/stranger.py").touch()
    (tmp_path / "link").symlink_to(elsewhere / "ct")
    words = ["annotate", "init", "liver", "--classes", "liver", "--images", "../link"]
    words += ["--csv", "lists/all.txt", "--labels", "a=known/a.nii.gz", "--labels", "known"]
    words += ["--method", "own/mine.py:Mine,beta=2", "--start", "own/pack:First"]
    assert main([*words, "--runtime", "docker"]) == 0
    (made,) = client.created
    assert made["command"] == [
        *("annotate", "init", f"--images={elsewhere}/ct", f"--csv={elsewhere}/lists/all.txt"),
        *("--classes=liver", f"--labels=a={elsewhere}/known/a.nii.gz"),
        *(f"--labels={elsewhere}/known", "--method=/submission/mine.py:Mine,beta=2"),
        *("--start=/submission-2/pack:First", "/project"),
    ]
    same = ("ct", "lists", "known/a.nii.gz", "known")
    assert mounts(made) == {
        "/project": (str(elsewhere / "liver"), False),
        **{f"{elsewhere}/{name}": (f"{elsewhere}/{name}", True) for name in same},
        "/submission/mine.py": (str(elsewhere / "own/mine.py"), True),
        "/submission-2/pack/__init__.py": (str(elsewhere / "own/pack/__init__.py"), True),
    }


def test_import_and_next_bring_what_they_are_given(client, elsewhere) -> None:
    Path("liver").mkdir()
    Path("moved").mkdir()
    for name in ("p01_label.nii.gz", "whole.nrrd", "liver/p02_label.nii.gz"):
        Path(name).touch()
    words = ["annotate", "import", "liver", "p01_label.nii.gz", "liver/p02_label.nii.gz"]
    assert main([*words, "--labels", "a=whole.nrrd", "--runtime", "docker"]) == 0
    for name in ("next", "finish"):
        command = ["annotate", name, "liver", "--images", "moved", "--runtime", "docker"]
        assert main(command) == 0
    imported, chosen, finished = client.created
    assert imported["command"][2:] == [
        *(f"--labels=a={elsewhere}/whole.nrrd", "/project", f"{elsewhere}/p01_label.nii.gz"),
        "/project/p02_label.nii.gz",
    ]
    assert set(mounts(imported)) == {
        *("/project", f"{elsewhere}/whole.nrrd", f"{elsewhere}/p01_label.nii.gz"),
    }
    for made in (chosen, finished):
        assert f"--images={elsewhere}/moved" in made["command"]
        assert set(mounts(made)) == {"/project", f"{elsewhere}/moved"}


def test_next_may_need_a_layer_for_the_projects_own_method(client, monkeypatch) -> None:
    asked = []
    monkeypatch.setattr(
        "benchmark.cli.contained.requirements", lambda params, _: asked.append(params["root"])
    )
    assert main(["annotate", "next", "liver", "--layer", "--runtime", "docker"]) == 0
    assert asked == [Path("liver")]


def test_a_link_to_a_file_keeps_the_name_by_which_the_file_is_known(elsewhere, store) -> None:
    Path("liver").mkdir()
    for name in ("p01_label.nii.gz", "liver/p02_label.nii.gz"):
        Path(name).symlink_to(store / "a.nii.gz")
    files = ("p01_label.nii.gz", "liver/p02_label.nii.gz")
    arguments, targets = inside(Given("", files, Role.IMAGES))
    assert arguments[1:] == (f"{elsewhere}/p01_label.nii.gz", "/project/p02_label.nii.gz")
    real = store / "a.nii.gz"
    assert targets == {f"{elsewhere}/p01_label.nii.gz": real, str(real): real}


def test_a_table_that_is_a_link_stays_beside_its_images(elsewhere, store) -> None:
    Path("ct").mkdir()
    (store / "all.csv").touch()
    Path("ct/all.csv").symlink_to("../../store/all.csv")
    arguments, targets = inside(Given("--csv", ("ct/all.csv",), Role.TABLE))
    assert arguments[0] == f"--csv={elsewhere}/ct/all.csv"
    assert targets == {f"{elsewhere}/ct": elsewhere / "ct", f"{store}/all.csv": store / "all.csv"}
    with pytest.raises(UserError, match=r"ct/gone.csv: can't be used: No such file"):
        inside(Given("--csv", ("ct/gone.csv",), Role.TABLE))


def test_links_in_the_images_folder_lead_to_the_files(elsewhere, store) -> None:
    Path("ct/sub").mkdir(parents=True)
    Path("ct/a.nii.gz").symlink_to(store / "a.nii.gz")
    Path("ct/again.nii.gz").symlink_to("a.nii.gz")
    Path("ct/sub/b.nii.gz").symlink_to("../../../store/b.nii.gz")
    Path("ct/deep").symlink_to(store / "deep")
    Path("ct/gone.nii.gz").symlink_to("nowhere")
    (store / "deep" / "round").symlink_to(elsewhere / "ct")
    expected = {str(store / name): store / name for name in ("a.nii.gz", "b.nii.gz", "deep")}
    _, targets = inside(images("ct"))
    assert targets == {f"{elsewhere}/ct": elsewhere / "ct", **expected}
    (elsewhere / "liver").rmdir()
    (elsewhere / "ct").rename(elsewhere / "liver")  # the same below the project: other places
    (store / "deep" / "round").unlink()
    arguments, targets = inside(images("liver"))
    assert arguments[0] == "--images=/project"
    expected["/store/b.nii.gz"] = expected.pop(str(store / "b.nii.gz"))
    assert targets == expected


def test_a_link_by_way_of_a_link_leads_to_the_end(elsewhere, store) -> None:
    Path("ct").mkdir()
    Path("way").symlink_to(store)
    Path("ct/a.nii.gz").symlink_to(elsewhere / "way" / "a.nii.gz")
    found = list(links_out(elsewhere / "ct", PurePosixPath("/x")))
    assert found == [(store / "a.nii.gz", PurePosixPath(elsewhere / "way/a.nii.gz"))]


@pytest.mark.parametrize("folder", ["images", "{elsewhere}/ct"])
def test_later_commands_follow_them_too(folder, elsewhere, store) -> None:
    whole = elsewhere / "liver" / folder.format(elsewhere=elsewhere)
    whole.mkdir(parents=True)
    (whole / "a.nii.gz").symlink_to(store / "a.nii.gz")
    content = {
        "name": "liver",
        "folder": folder.format(elsewhere=elsewhere),
        "images": (),
        "channels": {"CT": "ct"},
        "classes": ("liver",),
        "patch_mm": (9, 9, 9),
        "budget": 3,
        "start": "random_start",
        "method": "methods/Mine-0/files/mine.py:Mine",
    }
    write_model(elsewhere / "liver" / PROJECT, Project.model_validate(content))
    _, targets = inside()
    real = store / "a.nii.gz"
    assert targets.pop(str(real)) == real
    assert targets == ({} if folder == "images" else {str(whole): whole})


def test_a_link_to_the_home_folder_mounts_nothing_of_it(elsewhere, tmp_path) -> None:
    Path("ct").mkdir()
    Path("ct/all").symlink_to(tmp_path / "home")
    with pytest.raises(UserError, match="is your home folder, which is never mounted"):
        inside(images("ct"))
