"""The same command in a real engine and a real Apptainer, where this machine has them. The image is
a STAND-IN: busybox and a script that says what it finds. ``DOCKER_HOST`` names the engine."""

import io
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent

import pytest

from benchmark.containers.images import LOCK, LOCKS, PROTOCOL, VARIANT
from nnactive import PROTOCOL_VERSION
from nnactive.io.files import sha256

ROOT = Path(__file__).parents[3]
HOST = os.environ.get("DOCKER_HOST")
"""Before the tests' own settings hide it."""
NAME = "nnactive-stand-in:latest"
LABELS = {
    PROTOCOL: PROTOCOL_VERSION,
    VARIANT: "cuda13",
    LOCK: sha256(ROOT / LOCKS["cuda13"]),
}
SCRIPT = """\
    #!/bin/busybox sh
    exec 2>&1
    echo "called $*"
    echo "user $(busybox id -u):$(busybox id -g)"
    echo "digest $NNACTIVE_IMAGE_DIGEST"
    echo "secret ${SECRET:-none}"
    echo "networks $(busybox grep -c : /proc/net/dev)"
    echo "capabilities $(busybox sed -n 's/^CapEff:\\t//p' /proc/self/status)"
    echo "new privileges $(busybox sed -n 's/^NoNewPrivs:\\t//p' /proc/self/status)"
    for place in / /data /results /scratch /submission /tmp; do
        busybox touch $place/probe 2>/dev/null && echo "writable $place"
    done
    busybox cat /submission/mine.py
    echo page > /scratch/out/leaderboard.html
    case "$*" in *sleep=1*)
        trap 'busybox touch /results/heeded; exit 130' INT
        busybox touch /results/started
        while :; do busybox sleep 0.1; done
    esac
    exit 7
"""


def image_files(busybox: str) -> dict[str, tuple[bytes, int]]:
    return {
        "bin/busybox": (Path(busybox).read_bytes(), 0o755),
        "bin/sh": (Path(busybox).read_bytes(), 0o755),
        "entry": (dedent(SCRIPT).encode(), 0o755),
    }


@pytest.fixture(scope="module")
def busybox() -> str:
    found = shutil.which("busybox")
    if not found or b"statically linked" not in subprocess.check_output(["file", "-L", found]):
        pytest.skip("needs busybox, statically linked (Debian: busybox-static), and file")
    return found


@pytest.fixture(scope="module")
def docker_image(busybox):
    import docker

    try:
        client = docker.DockerClient(base_url=HOST, version="auto") if HOST else docker.from_env()
    except docker.errors.DockerException:
        pytest.skip("no Docker engine answers; DOCKER_HOST may name one, Podman's too")
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name in ("data", "results", "scratch", "proc", "sys", "dev", "tmp"):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(folder)
        for name, (content, mode) in image_files(busybox).items():
            file = tarfile.TarInfo(name)
            file.size, file.mode = len(content), mode
            tar.addfile(file, io.BytesIO(content))
    changes = [*(f"LABEL {key}={value}" for key, value in LABELS.items()), 'ENTRYPOINT ["/entry"]']
    repository, tag = NAME.rsplit(":", 1)
    client.api.import_image_from_data(
        archive.getvalue(), repository=repository, tag=tag, changes=changes
    )
    yield NAME, client.images.get(NAME).id
    client.images.remove(NAME, force=True)


@pytest.fixture(scope="module")
def sif(busybox):
    if not shutil.which("apptainer"):
        pytest.skip("Apptainer is not on this machine")
    with TemporaryDirectory() as work:
        root = Path(work, "root")
        for name in ("data", "results", "scratch", "proc", "sys", "dev", "tmp"):
            (root / name).mkdir(parents=True)
        for name, (content, mode) in image_files(busybox).items():
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_bytes(content)
            (root / name).chmod(mode)
        lines = [f"Bootstrap: localimage\nFrom: {root}\n\n%labels"]
        lines += [f"    {key} {value}" for key, value in LABELS.items()]
        Path(work, "x.def").write_text("\n".join([*lines, '\n%runscript\n    exec /entry "$@"\n']))
        file = Path(work, "x.sif")
        command = ["apptainer", "build", "--fakeroot", str(file), f"{work}/x.def"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"Apptainer can't build here: {done.stderr.splitlines()[-1]}")
        yield str(file), f"sha256:{sha256(file)}"


@pytest.fixture(params=["docker", "apptainer"])
def runtime(request, monkeypatch) -> list[str]:
    """The options that name a real runtime and its image, and that image's digest."""
    if request.param == "docker":
        name, digest = request.getfixturevalue("docker_image")
        if HOST:
            monkeypatch.setenv("DOCKER_HOST", HOST)
    else:
        name, digest = request.getfixturevalue("sif")
    return ["--runtime", request.param, "--image", name, digest]


def start(runtime: list[str], *more: str) -> "subprocess.Popen[str]":
    *options, _ = runtime
    Path("mine.py").write_text("# mine\n")
    command = [sys.executable, "-m", "benchmark.cli", "submit", "mine.py:Mine", *options, *more]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    env = {**os.environ, "PYTHONPATH": str(ROOT), "SECRET": "s"}
    # These tests may run in the background, where it is ignored.
    heed = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)  # noqa: E731
    return subprocess.Popen(command, text=True, env=env, preexec_fn=heed, **pipes)  # noqa: PLW1509


def test_a_container_is_shut_in(runtime) -> None:
    Path("data").mkdir()
    call = start(runtime)
    out, err = call.communicate(timeout=500)
    assert call.returncode == 7, out + err
    lines = out.splitlines()
    assert lines[0].endswith("mine.py:Mine")
    for line in (
        f"user {os.getuid()}:{os.getgid()}",
        f"digest {runtime[-1]}",
        "secret none",
        "networks 1",
        "capabilities 0000000000000000",
        "new privileges 1",
        "# mine",
    ):
        assert line in lines, out
    writable = [line.removeprefix("writable ") for line in lines if line.startswith("writable ")]
    assert [place for place in writable if not place.startswith("/tmp")] == ["runs"]  # noqa: S108
    assert Path("runs", "probe").stat().st_uid == os.getuid()
    assert not list(Path("data").iterdir())
    assert Path("leaderboard.html").read_text() == "page\n"
    assert not any(Path(os.environ["TMPDIR"]).glob("nnactive-scratch-*"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_container_ends_with_its_caller(number, runtime) -> None:
    call = start(runtime, "--param", "sleep=1")
    deadline = time.monotonic() + 300
    while not Path("runs", "started").exists():
        assert call.poll() is None, call.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    call.send_signal(number)
    try:
        call.communicate(timeout=300)
    finally:
        call.kill()
    assert call.returncode == 128 + number
    assert Path("runs", "heeded").exists()  # it wasn't killed
