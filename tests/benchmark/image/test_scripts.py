"""The scripts that make images and run in them; what they call is a stand-in."""

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SCRIPTS = ROOT / "benchmark/image"
GIT = ("git", "-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main")
FAILS = "exit 1"


def call(*command: object, **more) -> "subprocess.CompletedProcess[str]":
    words = list(map(str, command))
    return subprocess.run(words, capture_output=True, text=True, check=False, **more)


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Puts a program of that name, a line of shell, before all others."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def put(name: str, line: str) -> None:
        (folder / name).write_text(f"#!/bin/sh\n{line}\n")
        (folder / name).chmod(0o755)

    return put


# facts.sh


@pytest.fixture
def checkout(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    root = tmp_path / "above" / "checkout"
    for name in ("pyproject.toml", "requirements.lock", "requirements-cuda12.lock"):
        root.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root)
    for name in ("nnactive/__init__.py", "benchmark/image/facts.sh"):
        (root / name).parent.mkdir(parents=True)
        shutil.copy(ROOT / name, root / name)
    return root


def commit(folder: Path) -> None:
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"]):
        subprocess.run([*GIT, *words], cwd=folder, check=True)


def commit_told(root: Path) -> str:
    done = call("sh", root / "benchmark/image/facts.sh", "cuda12")
    assert done.returncode == 0, done.stderr
    return dict(line.split("=", 1) for line in done.stdout.splitlines())["COMMIT"]


def test_a_commit_is_told_only_of_files_that_are_in_it(checkout) -> None:
    assert commit_told(checkout) == "unknown"
    commit(checkout.parent)  # of a folder above
    assert commit_told(checkout) == "unknown"
    commit(checkout)
    assert re.fullmatch("[0-9a-f]{40}", commit_told(checkout))
    (checkout / "notes.txt").touch()  # isn't copied into an image
    assert re.fullmatch("[0-9a-f]{40}", commit_told(checkout))
    (checkout / "nnactive" / "new.py").touch()
    assert re.fullmatch(r"[0-9a-f]{40}\+dirty", commit_told(checkout))
    (checkout / "nnactive" / "new.py").unlink()
    (checkout / "requirements.lock").write_text("")
    assert commit_told(checkout).endswith("+dirty")


@pytest.mark.parametrize(
    ("file", "name"),
    [("nnactive/__init__.py", "PROTOCOL"), ("pyproject.toml", "VERSION")],
)
def test_a_fact_that_is_missing_ends_it(file, name, checkout) -> None:
    (checkout / file).write_text("")
    done = call("sh", checkout / "benchmark/image/facts.sh")
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(f"error: .*: no {name} found; .*\n", done.stderr)


# install.sh


def test_a_lock_without_packages_ends_it(programs, tmp_path) -> None:
    programs("apt-get", FAILS)  # so that nothing of this machine is touched in any case
    shutil.copy(SCRIPTS / "install.sh", tmp_path)
    (tmp_path / "debian.lock").write_text("[other]\na=1\n")
    done = call("sh", tmp_path / "install.sh", "system")
    assert done.returncode == 2
    assert done.stderr == "error: debian.lock names no packages; run: make pin-debian\n"
    (tmp_path / "debian.lock").write_text("[run]\na=1\n")
    done = call("sh", tmp_path / "install.sh", "system")
    assert done.returncode != 0


def test_both_images_have_the_same_labels() -> None:
    keys = re.compile(r"\borg\.(?:opencontainers\.image|nnactive)\.[a-z]+")
    dockerfile = set(keys.findall((ROOT / "Dockerfile").read_text()))
    assert dockerfile == set(keys.findall((SCRIPTS / "install.sh").read_text()))
    assert len(dockerfile) == 8


# run.sh


def test_an_image_takes_nothing_of_the_hosts_python_and_no_plugins(tmp_path) -> None:
    script = tmp_path / "run.sh"
    text = (SCRIPTS / "run.sh").read_text()
    program = "/opt/benchmark/venv/bin/nnactive-bench"
    assert program in text
    script.write_text(text.replace(program, "/usr/bin/env"))
    host = {"PYTHONPATH": "/x", "PYTHONUSERBASE": "/x", "NNACTIVE_RUNTIME": "docker", "KEPT": "1"}
    env = dict(line.split("=", 1) for line in call("sh", script, env=host).stdout.splitlines())
    assert not {"PYTHONPATH", "PYTHONUSERBASE", "NNACTIVE_RUNTIME"} & set(env)
    assert env["KEPT"] == "1"
    assert (env["NNACTIVE_RUNS"], env["TMPDIR"]) == ("/results", "/scratch")
    # Else a package of a layer is imported with torch and pydantic, in trainings, too.
    assert env["TORCH_DEVICE_BACKEND_AUTOLOAD"] == "0"
    assert env["PYDANTIC_DISABLE_PLUGINS"] == "__all__"


# sif.sh


def test_an_image_that_is_not_whole_leaves_nothing(programs, tmp_path) -> None:
    image = tmp_path / "my images" / "x.sif"
    image.parent.mkdir()
    programs("apptainer", FAILS)
    assert call("sh", SCRIPTS / "sif.sh", image, "VARIANT=cuda12").returncode == 1
    assert not list(image.parent.iterdir())
    programs("apptainer", f'echo "$*" > "{tmp_path}/words"; for last; do :; done; touch "$4"')
    assert call("sh", SCRIPTS / "sif.sh", image, "VARIANT=cuda12", "--").returncode == 0
    assert list(image.parent.iterdir()) == [image]
    assert (tmp_path / "words").read_text().startswith("build --build-arg variant=cuda12 ")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_build_that_is_ended_leaves_nothing(number, programs, tmp_path) -> None:
    programs("apptainer", f"touch '{tmp_path}/begun'; exec sleep 3600")
    folder = tmp_path / "images"
    folder.mkdir()
    command = ["sh", str(SCRIPTS / "sif.sh"), str(folder / "x.sif")]
    process = subprocess.Popen(
        command,
        start_new_session=True,
        # These tests may run under nohup, which ignores it.
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # noqa: PLW1509
    )
    deadline = time.monotonic() + 300
    while not (tmp_path / "begun").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(process.pid, number)
    assert process.wait(300) != 0
    assert not list(folder.iterdir())


# pin.sh


def test_a_lock_is_kept_where_the_engine_fails(programs, tmp_path, monkeypatch) -> None:
    copy = tmp_path / "checkout" / "benchmark" / "image"
    copy.mkdir(parents=True)
    shutil.copy(SCRIPTS / "pin.sh", copy)
    lock = copy / "debian.lock"
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    env = {**os.environ, "ENGINE": "engine", "BASE_IMAGE": "base"}
    # It answers for a run, and fails for a build.
    answer = "echo 'Inst python3 (3.11.2-1 Debian:12 [amd64])'"
    programs("engine", f"case $* in *venv*) exit 1 ;; esac; {answer}")
    lock.write_text("before")
    done = call("sh", copy / "pin.sh", "debian", env=env)
    assert done.returncode == 1
    assert done.stderr.startswith("error: base: no answer from apt")
    assert lock.read_text() == "before"
    programs("engine", answer)
    assert call("sh", copy / "pin.sh", "debian", env=env).returncode == 0
    assert "[run]\npython3=3.11.2-1\n\n[build]\n" in lock.read_text()
    assert not list((tmp_path / "temporary").iterdir())


@pytest.fixture
def pinned(tmp_path) -> Path:
    """A copy of what names the base image, and of the script that pins it."""
    root = tmp_path / "pinned"
    (root / "benchmark/image").mkdir(parents=True)
    for name in ("Dockerfile", "apptainer.def", "benchmark/image/pin.sh"):
        shutil.copy(ROOT / name, root / name)
    return root


def test_the_newest_base_is_pinned_in_both_files(programs, pinned) -> None:
    newest = f"sha256:{'c0' * 32}"
    programs("skopeo", f"echo {newest}")
    done = call("sh", pinned / "benchmark/image/pin.sh", "base")
    assert done.returncode == 0, done.stderr
    for name in ("Dockerfile", "apptainer.def"):
        digests = re.findall(r"bookworm-slim@(sha256:[0-9a-f]+)", (pinned / name).read_text())
        assert digests == [newest]


@pytest.mark.parametrize(("answer", "status"), [("echo latest", 1), (FAILS, 2)])
def test_what_is_no_digest_is_not_pinned(answer, status, programs, pinned) -> None:
    before = (pinned / "Dockerfile").read_text()
    programs("skopeo", answer)
    done = call("sh", pinned / "benchmark/image/pin.sh", "base")
    assert done.returncode == status
    assert done.stderr.count("error: ") == 1
    assert (pinned / "Dockerfile").read_text() == before


def test_both_files_begin_from_the_same_base() -> None:
    names = {
        re.search(r"docker\.io/library/debian:bookworm-slim@sha256:[0-9a-f]{64}", text)[0]
        for text in ((ROOT / name).read_text() for name in ("Dockerfile", "apptainer.def"))
    }
    assert len(names) == 1


# .ci/containers


def test_a_failure_at_the_start_spares_the_machines_own_images(programs, tmp_path) -> None:
    programs("apt-get", FAILS)
    programs("podman", f'echo "$CONTAINERS_STORAGE_CONF $*" >> "{tmp_path}/called"; exit 1')
    folder = tmp_path / "programs"
    for name in ("bash", "cat", "chmod", "dirname", "mktemp", "rm"):
        (folder / name).symlink_to(shutil.which(name) or "")
    # No other programs, so that it begins with what is missing.
    env = {"PATH": str(folder), "TMPDIR": str(tmp_path)}
    assert call(folder / "bash", ROOT / ".ci/containers", env=env).returncode != 0
    (line,) = (tmp_path / "called").read_text().splitlines()
    assert line.startswith(f"{tmp_path}/nnactive-containers.")
    assert line.endswith("/storage.conf system reset --force")
