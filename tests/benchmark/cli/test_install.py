"""Installing the packages: what is said meanwhile, and what stops it before it begins."""

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from benchmark.cli.install import packages
from benchmark.cli.install.output import Course
from benchmark.cli.install.packages import NotInstalledError, check_room, main, usable
from benchmark.cli.progress import Beat
from benchmark.cli.waits import followed, told, waited


class Usage(NamedTuple):
    total: float
    used: float
    free: float


def test_uv_says_all_sizes_first() -> None:
    course = Course(3)
    assert course.told(1) == "looking up 3 packages"
    for line in ("Downloading torch (500.0MiB)", "Downloading ruff (100.0MiB)"):
        course.read(line, 10)
    assert course.told(11) == "0 MB of 629 MB downloaded"
    course.read(" Downloaded ruff", 20)
    assert course.told(20) == "105 MB of 629 MB downloaded, about 50 s left"


def test_pip_says_sizes_one_by_one_and_then_unpacks(tmp_path: Path) -> None:
    course = Course(3, 1.1e9, tmp_path, 1000)
    course.read("Collecting numpy==2.4.6 (from -r x)", 1)
    course.read("  Using cached numpy-2.4.6.whl (100.0 MB)", 1)
    assert course.told(2) == "package 1 of 3, 100 MB already present"
    course.read("Collecting torch==2", 10)
    course.read("  Downloading torch-2.whl (250.0 MB)", 10)
    assert course.told(11) == "package 2 of 3, 0 MB of about 1.0 GB downloaded"
    course.read("Collecting rich==1", 20)
    assert course.told(20) == "package 3 of 3, 250 MB of about 1.0 GB downloaded, about 30 s left"
    course.read("Installing collected packages: numpy, torch, rich", 30)
    (tmp_path / "module.py").write_bytes(bytes(500))
    assert course.told(40) == "unpacking, 0 MB of about 0 MB, about 10 s left"


def test_a_wait_is_told_again_and_again_with_what_is_left(tmp_path: Path, capfd, monkeypatch):
    monkeypatch.setattr("benchmark.cli.progress.SOON", 0.2)
    took = tmp_path / "took.json"
    slow = [sys.executable, "-c", "import time; time.sleep(1.2)"]
    assert waited("slow work", slow, took) == 0
    assert capfd.readouterr().err.startswith("slow work: 0 s so far\n")
    took.write_text('{"slow work": 90}')
    assert waited("slow work", slow, took) == 0
    assert "slow work: 0 s so far, about 2 min left\n" in capfd.readouterr().err
    assert waited("slow work", [sys.executable, "-c", "raise SystemExit(3)"], took) == 3


def test_work_in_this_process_is_told_if_it_takes_long(capfd, monkeypatch) -> None:
    monkeypatch.setattr("benchmark.cli.progress.SOON", 0.2)
    with told("slow work"):
        time.sleep(0.7)
    assert capfd.readouterr().err.startswith("slow work: 0 s so far\n")
    with told("fast work"):
        pass
    assert capfd.readouterr().err == ""


def test_lines_come_after_5_s_and_then_less_often() -> None:
    beat = Beat(0.0)
    assert [now for now in range(250) if beat.due(now)] == [5, 10, 20, 40, 80, 140, 200]


def test_the_output_of_a_command_is_read_line_by_line() -> None:
    lines: list[str] = []
    code = "import sys; print('one'); print('two', file=sys.stderr); sys.exit(4)"
    assert followed([sys.executable, "-u", "-c", code], lines.append, lambda: None) == 4
    assert lines == ["one", "two"]


def test_a_disk_without_room_is_refused_before_anything_is_made(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1e10, 0, 2e9))
    (tmp_path / "a.lock").write_text("a==1 \\\n    --hash=sha256:00\n")
    assert main([str(tmp_path / "venv"), str(tmp_path / "a.lock")]) == 2
    first, error = capsys.readouterr().err.splitlines()
    assert "1 packages with pip" in first
    assert "7.4 GB on disk (2.0 GB free)" in first
    assert error.startswith(f"error: {tmp_path}: needs ")
    assert error.endswith(" GB, 2.0 GB free; free some space there, or clone elsewhere")
    assert not (tmp_path / "venv").exists()


def test_what_is_there_already_needs_no_room(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1e10, 0, 10))
    monkeypatch.setattr(packages, "bytes_below", lambda _: 8e9)
    check_room(tmp_path / "venv", downloads=True)


def test_a_tool_that_fails_shows_its_last_lines(tmp_path: Path, capsys) -> None:
    code = "print('no matching distribution'); raise SystemExit(1)"
    with pytest.raises(NotInstalledError, match=r"pip failed \(1\); its output: ") as caught:
        packages._run("pip", [sys.executable, "-c", code], tmp_path, Course(0))
    assert caught.value.status == 1
    assert capsys.readouterr().err == "no matching distribution\n"
    assert "no matching distribution" in (tmp_path / "install.log").read_text()


@pytest.fixture
def fake_uv(tmp_path: Path) -> Callable[[str], str]:
    """A uv that does what a script says."""

    def made(script: str) -> str:
        path = tmp_path / "uv"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return str(path)

    return made


def test_a_uv_that_does_not_start_is_left_alone(fake_uv, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(packages, "STARTS", 0.1)
    assert usable("") == ("", "")
    broken = ("", " (uv does not start)")
    assert usable(str(tmp_path / "absent")) == broken
    assert usable(fake_uv("exit 1")) == broken
    assert usable(fake_uv("exec sleep 20")) == broken


def test_pip_goes_on_where_uv_fails(fake_uv, tmp_path, capsys, monkeypatch) -> None:
    uv = fake_uv('[ "$1" = --version ] || { echo "no route to the index"; exit 1; }')
    monkeypatch.setenv("UV_INDEX", "https://example.org/simple")  # whatever pip is told here
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1e12, 0, 1e12))
    ran: list[str] = []
    real = packages._run

    def run(tool: str, *rest: Any) -> None:
        ran.append(tool)
        if tool == "uv":
            real(tool, *rest)

    monkeypatch.setattr(packages, "_run", run)
    (tmp_path / "a.lock").write_text("a==1 \\\n    --hash=sha256:00\n")
    (tmp_path / "venv").mkdir()
    assert main([str(tmp_path / "venv"), str(tmp_path / "a.lock"), "--uv", uv]) == 0
    assert ran == ["the environment", "uv", "pip", "this checkout", "the page's charts"]
    _, output, note, _ = capsys.readouterr().err.splitlines()
    assert output == "no route to the index"
    log = tmp_path / "venv" / "install.log"
    assert note == f"note: uv failed (1); its output: {log}; pip goes on"


def test_charts_that_cannot_be_packed_stop_no_installation(tmp_path, capsys, monkeypatch) -> None:
    def run(tool: str, words: list[str], *_: Any) -> None:
        if "libraries" in words[-1]:
            raise NotInstalledError(f"{tool} failed", status=1)

    monkeypatch.setattr(packages, "_run", run)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1e12, 0, 1e12))
    (tmp_path / "a.lock").write_text("a==1 \\\n    --hash=sha256:00\n")
    assert main([str(tmp_path / "venv"), str(tmp_path / "a.lock")]) == 0
    note = "note: the page's charts failed; each user's first page packs them\n"
    assert note in capsys.readouterr().err
