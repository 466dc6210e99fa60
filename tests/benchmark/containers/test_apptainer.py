"""Apptainer's command line, and what becomes of its answers; the program is a stand-in."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path, PurePosixPath

import pytest

from benchmark.cli.main import main
from benchmark.containers.container import Container, Image, Limits, Mount
from benchmark.containers.runtimes import process_group
from benchmark.containers.runtimes.apptainer import ApptainerRuntime, Messages, can_set_limits
from benchmark.containers.runtimes.image_server import steadied
from benchmark.execution.statuses import UNFINISHED
from nnactive.io.files import sha256

LIST = ["data", "list", "--runtime", "apptainer"]


def container(**changes) -> Container:
    image = Image(reference="x.sif", digest="sha256:1", labels={})
    content = {"image": image, "arguments": ("check",), "mounts": (), "environment": {}}
    return Container(**(content | changes))


def command(*, can_limit: bool = True, **changes) -> list[str]:
    return ApptainerRuntime("apptainer", print, can_limit=can_limit).command(container(**changes))


def test_nothing_of_the_host_comes_in() -> None:
    words = command()
    for flag in ("--containall", "--no-home", "--cleanenv", "--no-eval", "--no-privs", "--net"):
        assert flag in words
    assert words[words.index("--network") + 1] == "none"
    assert words[words.index("--no-mount") + 1] == "home,cwd,hostfs,bind-paths"
    assert words[-2:] == [str(Path("x.sif").resolve()), "check"]
    assert "--nv" not in words
    assert "--net" not in command(network=True)
    assert "--nv" in command(gpus=("0",))


def test_mounts_may_have_any_name() -> None:
    places = [Path("/a,b:c"), Path('/q"uote'), Path("/plain")]
    mounts = tuple(
        Mount(source=source, target=PurePosixPath("/x"), writable=source == places[2])
        for source in places
    )
    words = command(mounts=mounts)
    assert [words[n + 1] for n, word in enumerate(words) if word == "--mount"] == [
        'type=bind,"source=/a,b:c",destination=/x,ro',
        'type=bind,"source=/q""uote",destination=/x,ro',
        "type=bind,source=/plain,destination=/x",
    ]


def test_limits_are_set_or_named() -> None:
    limits = Limits(memory=2 << 30, shared_memory=1, cores=3)
    words = command(limits=limits)
    for flag, value in {"--memory": 2 << 30, "--cpus": 3, "--pids-limit": 16384}.items():
        assert words[words.index(flag) + 1] == str(value)
    unlimited = command(limits=limits, can_limit=False)
    assert not {"--memory", "--cpus", "--pids-limit"} & set(unlimited)
    shared, note = ApptainerRuntime("a", print, can_limit=False).notes(container(limits=limits))
    assert "--shm-size" in shared
    assert "memory (2.0 GiB), cores (3), the number of processes" in note
    assert ApptainerRuntime("a", print, can_limit=True).notes(container()) == []


def test_limits_need_systemd_and_its_control_groups(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 7)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/run/user/7/bus")
    groups = tmp_path / "groups"
    own = groups / "user.slice/user-7.slice/user@7.service"
    own.mkdir(parents=True)
    assert not can_set_limits(groups, tmp_path)
    (own / "cgroup.controllers").write_text("cpu memory pids\n")
    assert can_set_limits(groups, tmp_path)
    assert not can_set_limits(groups, tmp_path / "none")
    (own / "cgroup.controllers").write_text("pids\n")
    assert not can_set_limits(groups, tmp_path)


# From the command line


def test_a_command_runs_and_knows_its_image(apptainer, capfd, monkeypatch) -> None:
    Path("data").mkdir()
    monkeypatch.setenv("APPTAINER_BIND", "/etc")
    monkeypatch.setenv("SINGULARITYENV_SECRET", "s")
    monkeypatch.setenv("APPTAINER_CACHEDIR", "/kept")
    assert main(LIST) == 0
    assert apptainer.arguments == ["data", "list", "--data=/data"]
    assert "phantom" in capfd.readouterr().out
    assert apptainer.called["inside"] == {
        "APPTAINER_CACHEDIR": "/kept",
        "APPTAINERENV_NNACTIVE_IMAGE_DIGEST": f"sha256:{sha256(Path('benchmark.sif'))}",
    }
    data, scratch = apptainer.mounts
    assert data == f"type=bind,source={Path('data').resolve()},destination=/data,ro"
    assert scratch.endswith("destination=/scratch")


def test_gpus_are_those_that_are_allowed(apptainer, monkeypatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,3")
    main(["submit", "nothing", "--runtime", "apptainer"])
    assert "--nv" in apptainer.called["arguments"]
    assert apptainer.called["inside"]["APPTAINERENV_CUDA_VISIBLE_DEVICES"] == "2,3"


def test_an_error_inside_is_told_once_and_with_the_hosts_names(apptainer, capfd) -> None:
    Path("data").mkdir()
    assert main(["data", "verify", "phantom", "--runtime", "apptainer"]) == 2
    (line,) = [each for each in capfd.readouterr().err.splitlines() if not each.startswith("note")]
    assert line.startswith("error: ")
    assert "data/phantom" in line


@pytest.mark.parametrize(
    "words", ["FATAL:   no such thing\n", "\x1b[91mERROR  : no such thing\n\x1b[0m"]
)
def test_a_refusal_of_apptainer_itself_is_one_line(words, apptainer, capfd, monkeypatch) -> None:
    monkeypatch.setenv("STAND_IN_FAILS", words)
    assert main(LIST) == 2
    told = [each for each in capfd.readouterr().err.splitlines() if not each.startswith("note")]
    line = "error: benchmark.sif: Apptainer can't start it: no such thing; "
    assert told == [f"{line}fix that and run the same command again"]


def test_a_missing_program_or_image_is_one_line(apptainer, capfd, monkeypatch) -> None:
    assert main([*LIST, "--image", "none.sif"]) == 2
    assert capfd.readouterr().err.startswith("error: none.sif: no such file; build it: make sif")
    Path("broken.sif").touch()
    monkeypatch.setenv("APPTAINER", "/bin/false")
    assert main([*LIST, "--image", "broken.sif"]) == 2
    assert "isn't an image that Apptainer can read" in capfd.readouterr().err
    monkeypatch.setenv("APPTAINER", "/nowhere/apptainer")
    assert main(LIST) == 2
    assert capfd.readouterr().err.startswith("error: /nowhere/apptainer: no such program")


SLEEPER = """#!{python}
# STAND-IN for Apptainer: what runs inside ends in good order when it is interrupted.
import os, pathlib, signal, sys, time
if sys.argv[1] == "inspect":
    os.execv({real!r}, sys.argv)
def end(*_):
    time.sleep(0.5)
    pathlib.Path({done!r}).touch()
    print("interrupted inside", file=sys.stderr)
    sys.exit({status})
if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
    signal.signal(signal.SIGINT, end)
pathlib.Path({started!r}).touch()
time.sleep(3600)
"""


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (signal.SIGINT, 130),
        (signal.SIGTERM, 130),
        (signal.SIGKILL, 130),
        (signal.SIGTERM, UNFINISHED),
    ],
)
def test_the_container_ends_with_the_command(number, status, apptainer, tmp_path) -> None:
    done, started = tmp_path / "done", tmp_path / "started"
    program = tmp_path / "bin" / "sleeper"
    real = tmp_path / "bin" / "apptainer"
    texts = {"real": str(real), "done": str(done), "started": str(started)}
    program.write_text(SLEEPER.format(python=sys.executable, status=status, **texts))
    program.chmod(0o755)
    call = subprocess.Popen(
        [sys.executable, "-m", "benchmark.cli", *LIST],
        env={**os.environ, "APPTAINER": str(program)},
        stderr=subprocess.PIPE,
        text=True,
        # These tests may run in the background, where it is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    until(started.exists)
    call.send_signal(number)
    try:
        _, errors = call.communicate(timeout=300)
    finally:
        call.kill()
    if status == UNFINISHED:
        assert call.returncode == UNFINISHED
        assert done.exists()
        assert errors.endswith("stopped with everything saved; the same command continues\n")
        return
    codes = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}
    assert call.returncode == codes[number]
    if number != signal.SIGKILL:
        assert done.exists()
    until(done.exists)
    assert "interrupted inside" not in errors
    if number == signal.SIGINT:
        assert errors.endswith("interrupted; run the same command to continue\n")


def test_what_is_started_in_the_background_heeds_too() -> None:
    shown = [sys.executable, "-c", "import signal; print(signal.getsignal(signal.SIGINT))"]
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with process_group.start_group(shown, dict(os.environ)) as process:
            out, _ = process.communicate()
    finally:
        signal.signal(signal.SIGINT, before)
    assert b"default_int_handler" in out


def test_a_container_that_does_not_heed_is_killed(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(process_group, "SECONDS_TO_END", 0.3)
    inner = tmp_path / "inner"
    # As Apptainer's process, which waits for the first one inside, and neither heeds.
    script = f'trap "" INT; sleep 3600 & echo $! > {inner}; wait; exit 7'
    process = subprocess.Popen(["/bin/sh", "-c", script])
    until(lambda: inner.exists() and inner.read_text())
    assert process_group._end(process) == 7
    assert not Path(f"/proc/{inner.read_text().strip()}").exists()


def test_a_container_that_is_just_being_started_ends_too(monkeypatch) -> None:
    started = []
    real = subprocess.Popen

    def start(command):
        """A start in whose midst the signal comes."""
        started.append(real(command))
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0)  # where the handler runs
        return started[0]

    monkeypatch.setattr(subprocess, "Popen", start)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        assert process_group.main(["/bin/sleep", "3600"]) == 128 + signal.SIGINT
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        started[0].kill()
    assert started[0].wait() == -signal.SIGINT


def test_what_serves_an_image_heeds_no_signals(tmp_path) -> None:
    program = tmp_path / "a b" / "squashfuse_ll"
    program.parent.mkdir()
    # STAND-IN: shows its arguments, and that it outlives SIGTERM.
    program.write_text('#!/bin/sh\nkill -TERM $$\necho "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}:{os.environ['PATH']}"
    found = steadied(path, tmp_path / "programs")
    assert found == f"{tmp_path / 'programs'}:{path}"
    assert steadied(found, tmp_path / "programs") == found
    command = ["/bin/sh", "-c", "squashfuse_ll -f 'x y'"]
    done = subprocess.run(command, env={"PATH": found}, capture_output=True, text=True, check=True)
    assert done.stdout == "-f x y\n"


def test_without_such_a_program_or_folder_nothing_changes(tmp_path) -> None:
    assert steadied("/nowhere", tmp_path) == "/nowhere"
    (tmp_path / "squashfuse_ll").write_text("#!/bin/sh\n")
    (tmp_path / "squashfuse_ll").chmod(0o755)
    assert steadied(str(tmp_path), Path("/proc/programs")) == str(tmp_path)


def until(there) -> None:
    deadline = time.monotonic() + 300
    while not there():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_what_apptainer_says_before_is_kept_apart_from_what_comes_from_inside() -> None:
    told: list[bytes] = []
    messages = Messages(told.append)
    messages(b"\x1b[33mWARNING: squashfuse not found\nINFO:    x\nerr")
    messages(b"or: inside\nFATAL: of the inside\n")
    messages(b"more")
    messages.end()
    assert b"".join(told) == b"error: inside\nFATAL: of the inside\nmore"
    assert messages.cause == ""
