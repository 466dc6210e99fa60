"""The doctor, and what a run begins with. The image is a stand-in: a folder with its files; so are
``nvidia-smi`` and what torch says of a GPU. The questions and the command line are real."""

import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from benchmark.cli.commands import tracks
from benchmark.cli.main import main
from benchmark.image import record
from benchmark.machine import checks, memory, places, snapshot
from nnactive.io.files import sha256, write_model

GIB = 1 << 30


@pytest.fixture(autouse=True)
def roomy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a GPU on which nothing is wrong, and folders of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(snapshot, "shared_memory_size", lambda: 8 * GIB)
    monkeypatch.setattr(checks, "DEVICE_FILES", ())
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for name in ("NNACTIVE_DATA", "NNACTIVE_RUNS", "NNACTIVE_IMAGE_DIGEST", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Tracks that would have been run."""
    names = []
    monkeypatch.setattr(
        tracks, "finish", lambda request, out: names.append(request.track.name) or 0
    )
    return names


@pytest.fixture
def image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An image's folder, with what a build leaves there; its three mounts are there."""
    home = tmp_path / "image"
    for name in ("image", "data", "results", "scratch"):
        (tmp_path / name).mkdir()
    lock = home / "requirements.lock"
    lock.write_text(f"click=={metadata.version('click')} \\\n    --hash=sha256:aa\n")
    made = record.ImageRecord(
        variant="cuda13", version="1", commit="c", nnunet="2", protocol="1", lock=sha256(lock)
    )
    write_model(home / "image.json", made)
    monkeypatch.setattr(record, "HOME", home)
    monkeypatch.setenv("NNACTIVE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("NNACTIVE_RUNS", str(tmp_path / "results"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
    mount(monkeypatch, tmp_path, "data", "results", "scratch")
    return home


def mount(monkeypatch: pytest.MonkeyPatch, folder: Path, *names: str) -> None:
    points = frozenset(folder / name for name in names)
    monkeypatch.setattr(places, "mount_points", lambda: points)


def driver(version: str) -> None:
    Path("bin").mkdir(exist_ok=True)
    script = Path("bin/nvidia-smi")
    script.write_text(f"#!/bin/sh\necho '{version}, 0, GPU-a, NVIDIA H100, 81559 MiB'\n")
    script.chmod(0o755)


def errors(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


# The doctor


def test_the_doctor_says_a_line_a_thing(image, capsys) -> None:
    assert main(["doctor"]) == 0
    out, err = capsys.readouterr()
    lines = [re.split(r"  +", line, maxsplit=2) for line in out.splitlines()]
    assert [line[0] for line in lines] == [
        *("driver", "CUDA", "GPUs", "C compiler", "shared memory", "data", "runs", "scratch"),
        *("image", "lock", "versions", "datasets", "isolation"),
    ]
    assert {line[1] for line in lines} <= {"ok", "note"}
    assert all(line[2] for line in lines)
    assert "add --gpus all (Docker) or --nv (Apptainer)" in lines[2][2]
    assert not err


def test_outside_an_image_the_lock_file_of_the_repository_counts(capsys) -> None:
    main(["doctor"])
    out = capsys.readouterr().out
    assert "outside a container" in out
    assert str(Path(snapshot.__file__).parents[2] / "requirements.lock") in out
    assert not list(Path.cwd().iterdir())


def test_the_doctors_error_names_what_failed(image, capsys, monkeypatch) -> None:
    driver("535.54")
    (image / "requirements.lock").write_text("click==0.1\n")
    mount(monkeypatch, image.parent, "data", "scratch")
    monkeypatch.setattr(snapshot, "shared_memory_size", lambda: 64 << 20)
    assert main(["doctor"]) == 2
    out, err = capsys.readouterr()
    failed = "driver, shared memory, runs, lock, versions"
    assert err == f"error: failed: {failed}; the lines above say what to do\n"
    assert len(re.findall(r"^.* FAILED .*$", out, re.MULTILINE)) == 5


def test_the_doctor_asks_torch_whether_it_agrees_with_the_driver(capsys, monkeypatch) -> None:
    driver("999.1")
    monkeypatch.setattr(checks, "pick_device", lambda _: "cuda")
    assert main(["doctor"]) == 0
    assert "NVIDIA H100 (79.6 GiB)" in capsys.readouterr().out
    monkeypatch.setattr(checks, "pick_device", lambda _: "cpu")
    assert main(["doctor"]) == 2
    out, err = capsys.readouterr()
    assert "nvidia-smi lists them, torch can't use them" in out
    assert err.startswith("error: failed: GPUs;")


# A run


@pytest.mark.parametrize("command", [["track", "run", "demo"], ["submit", "random"]], ids=str)
def test_a_run_on_the_cpu_says_so_once(command, started, capsys) -> None:
    assert main(command) == 0
    assert errors(capsys) == ["GPU: none found: runs on the CPU"]
    assert started == ["demo"]


def test_an_old_driver_stops_a_run(started, capsys, monkeypatch) -> None:
    driver("535.54")
    assert main(["track", "run", "demo"]) == 2
    (line,) = errors(capsys)
    assert line.startswith("error: driver 535.54 is older than 580, which CUDA 13")
    assert not started
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert main(["track", "run", "demo"]) == 0


def test_too_little_shared_memory_stops_a_run(started, capsys, monkeypatch) -> None:
    monkeypatch.setattr(snapshot, "shared_memory_size", lambda: 64 << 20)
    assert main(["submit", "random"]) == 0
    capsys.readouterr()
    driver("999.1")
    assert main(["submit", "random"]) == 2
    (line,) = errors(capsys)
    assert line.startswith(f"error: {memory.FOLDER}: 64.0 MiB, trainings on a GPU need 1.0 GiB")
    assert "--shm-size=8g" in line


@pytest.mark.parametrize(("name", "variable"), [("results", "runs"), ("scratch", "TMPDIR")])
def test_a_missing_mount_stops_a_run_in_an_image(
    name, variable, image, started, capsys, monkeypatch
) -> None:
    mount(monkeypatch, image.parent, *({"data", "results", "scratch"} - {name}))
    assert main(["submit", "random"]) == 2
    folder = image.parent / name
    flags = f"--volume DIR:{folder} (Docker), --bind DIR:{folder} (Apptainer)"
    assert errors(capsys) == [f"error: {folder}: not mounted; add {flags}"]
    assert not started


def test_data_must_be_mounted_for_a_track_that_needs_them(
    image, started, capsys, monkeypatch
) -> None:
    mount(monkeypatch, image.parent, "results", "scratch")
    assert main(["track", "run", "demo"]) == 0
    capsys.readouterr()
    assert main(["track", "run", "hippocampus_lite"]) == 2
    (line,) = errors(capsys)
    assert line.startswith(f"error: {image.parent / 'data'}: not mounted; ")
    assert f"--volume DIR:{image.parent / 'data'}:ro (Docker)" in line
    assert started == ["demo"]


def test_a_lock_file_that_disagrees_with_the_image_stops_a_run(image, started, capsys) -> None:
    with (image / "requirements.lock").open("a") as file:
        file.write("# changed\n")
    assert main(["track", "run", "demo"]) == 2
    (line,) = errors(capsys)
    assert "requirements.lock: not the one that this image was built with" in line


def test_runs_that_can_not_be_written_stop_a_run(started, capsys) -> None:
    Path("file").touch()
    assert main(["track", "run", "demo", "--runs", "file/x"]) == 2
    way_out = "not a directory; allow it or choose another folder with --runs"
    assert errors(capsys) == [f"error: file/x: {way_out}"]


@pytest.mark.parametrize(
    "command", [["check", "random"], ["data", "list"], ["leaderboard", "build"]], ids=str
)
def test_other_commands_of_an_image_need_its_scratch(command, image, capfd, monkeypatch) -> None:
    monkeypatch.setenv("TMPDIR", str(image.parent / "gone"))
    assert main(command) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith(f"error: {image.parent / 'gone'}: not mounted; add --volume DIR:")
    assert main([*command, "--help"]) == 0
    # For these commands the image's own folder is as good, if it may be written.
    monkeypatch.setenv("TMPDIR", str(image))
    assert main(["data", "list"]) == 0


def test_a_run_begins_without_what_is_slow_to_import() -> None:
    slow = {"torch", "nnunetv2", "scipy", "pandas", "snakemake"}
    script = (
        "import sys\nfrom pathlib import Path\n"
        "from benchmark.machine.checks import begin_run\n"
        "begin_run(Path('data'), Path('runs'), needs_data=True)\n"
        f"print({slow} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(snapshot.__file__).parents[2])},
    )
    assert done.stdout == "set()\n"


def test_where_the_page_goes_may_stand_in_the_environment(monkeypatch, tmp_path) -> None:
    places = []
    monkeypatch.setattr(tracks, "finish", lambda request, out: places.append(out) or 0)
    monkeypatch.setenv("NNACTIVE_OUT", str(tmp_path / "page.html"))
    assert main(["track", "run", "demo"]) == 0
    assert places == [tmp_path / "page.html"]
