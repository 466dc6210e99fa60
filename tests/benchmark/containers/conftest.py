"""STAND-INS for the two runtimes: a Docker client that keeps what it is asked for, and a program
``apptainer`` that keeps its arguments and runs the local command line on the mounts' sources."""

import json
import sys
import threading
import time
from pathlib import Path
from textwrap import dedent

import docker
import pytest

from benchmark.containers.images import LOCK, LOCKS, PROTOCOL, REVISION, VARIANT
from nnactive import PROTOCOL_VERSION
from nnactive.io.files import sha256

ROOT = Path(__file__).parents[3]
ID = "sha256:" + "a" * 64


def labels() -> dict[str, str]:
    return {
        PROTOCOL: PROTOCOL_VERSION,
        VARIANT: "cuda13",
        LOCK: sha256(ROOT / LOCKS["cuda13"]),
        REVISION: "c0ffee",
    }


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch) -> Path:
    """A current folder, a home and a cache of its own, and none of the caller's settings."""
    for name in ("DATA", "RUNS", "OUT", "DATASETS", "RUNTIME", "IMAGE", "DEBUG"):
        monkeypatch.delenv(f"NNACTIVE_{name}", raising=False)
    for name in ("CUDA_VISIBLE_DEVICES", "DOCKER_HOST", "APPTAINER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    for name in ("home", "tmp", "work"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr("benchmark.containers.images.code_commit", lambda: "c0ffee")
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


class StandInClient(docker.APIClient):
    """STAND-IN for an engine: nothing is run, and what is asked of it is kept."""

    def __init__(self) -> None:
        super().__init__(version="1.41")
        self.api = self
        self.labels = labels()
        self.components = [{"Name": "Engine"}]
        self.about: dict[str, object] = {"NCPU": 8, "SecurityOptions": []}
        self.created: list[dict] = []
        self.inspected: list[str] = []
        self.calls: list[str] = []
        self.status = 0
        self.out, self.err = [b"out\n"], [b"err\n"]
        self.refuses: Exception | None = None
        self.waits: Exception | None = None
        self.killed_for_memory = False
        self.others: list[dict] = []
        self.during = lambda: None
        self.log_threads: set[int] = set()
        self.last_words: list[bytes] = []
        self.stopped = threading.Event()

    def version(self, *_, **__):
        return {"Components": self.components}

    def info(self):
        return self.about

    def inspect_image(self, image):
        self.inspected.append(image)
        if image == "absent":
            raise docker.errors.ImageNotFound("no such image")
        return {"Id": ID.removeprefix("sha256:"), "Config": {"Labels": self.labels}}

    def create_container(self, image, **settings):
        self.created.append({"image": image, **settings})
        self.calls.append("create")
        return {"Id": "one"}

    def start(self, container):
        self.calls.append("start")
        if self.refuses:
            raise self.refuses

    def logs(self, container, *, stdout, stderr, stream, follow):
        assert stream
        assert follow
        assert stdout != stderr
        self.log_threads.add(threading.get_ident())
        yield from self.out if stdout else self.err
        if stderr and self.last_words:
            assert self.stopped.wait(300)
            yield from self.last_words
            self.last_words.clear()

    def wait(self, container):
        self.during()
        if self.waits:
            raise self.waits
        return {"StatusCode": self.status}

    def inspect_container(self, container):
        return {"State": {"OOMKilled": self.killed_for_memory}}

    def stop(self, container, timeout):
        self.calls.append("stop")
        self.stopped.set()
        while self.last_words:
            time.sleep(0.01)

    def containers(self, **_):
        return self.others

    def remove_container(self, container, **how):
        assert how["force"]
        self.calls.append(f"remove {container}")


@pytest.fixture
def client(monkeypatch) -> StandInClient:
    """The engine that the command line finds."""
    made = StandInClient()

    monkeypatch.setattr(docker, "from_env", lambda: made)
    return made


PROGRAM = """
    #!{python}
    # STAND-IN for Apptainer.
    import csv, json, os, subprocess, sys
    words = sys.argv[1:]
    if words[0] == "inspect":
        print(json.dumps({{"data": {{"attributes": {{"labels": {labels!r}}}}}}}))
        sys.exit()
    inside = {{k: v for k, v in os.environ.items() if k.startswith(("APPTAINER", "SINGULARITY"))}}
    with open({record!r}, "w") as file:
        json.dump({{"arguments": words, "inside": inside}}, file)
    if os.environ.get("STAND_IN_FAILS"):
        print(os.environ["STAND_IN_FAILS"], file=sys.stderr, end="")
        sys.exit(255 if "FATAL" in os.environ["STAND_IN_FAILS"] else 1)
    image = next(number for number, word in enumerate(words) if word.endswith(".sif"))
    arguments = words[image + 1:]
    for number, word in enumerate(words[:image]):
        if word == "--mount":
            kind, source, target, *_ = next(csv.reader([words[number + 1]]))
            source, target = (text.partition("=")[2] for text in (source, target))
            arguments = [each.replace(target, source) for each in arguments]
    command = [sys.executable, "-m", "benchmark.cli", *arguments]
    env = {{k: v for k, v in os.environ.items() if k != "NNACTIVE_RUNTIME"}}
    sys.exit(subprocess.run(command, env=env).returncode)
"""


class StandInApptainer:
    """What the stand-in was called with."""

    def __init__(self, record: Path) -> None:
        self.record = record

    @property
    def called(self) -> dict:
        return json.loads(self.record.read_text())

    @property
    def arguments(self) -> list[str]:
        """Behind the image."""
        words = self.called["arguments"]
        return words[next(n for n, word in enumerate(words) if word.endswith(".sif")) + 1 :]

    @property
    def mounts(self) -> list[str]:
        words = self.called["arguments"]
        return [words[n + 1] for n, word in enumerate(words) if word == "--mount"]


@pytest.fixture
def apptainer(tmp_path, monkeypatch) -> StandInApptainer:
    """A program on the PATH, and an image that the command line finds."""
    record = tmp_path / "called.json"
    program = tmp_path / "bin" / "apptainer"
    program.parent.mkdir()
    text = dedent(PROGRAM).lstrip()
    program.write_text(text.format(python=sys.executable, labels=labels(), record=str(record)))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    Path("benchmark.sif").write_bytes(b"an image")
    return StandInApptainer(record)
