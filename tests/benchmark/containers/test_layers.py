import io
import json
import os
import re
import shlex
import subprocess
import tarfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from docker.errors import APIError, BuildError, ImageNotFound

from benchmark.containers.container import Image
from benchmark.containers.images import layer_command, layer_failure, layer_name, layered
from benchmark.containers.runtimes import connect
from benchmark.containers.runtimes.apptainer import ApptainerRuntime
from benchmark.containers.runtimes.docker import SECONDS_OF_A_BUILD, DockerRuntime
from benchmark.image.layer.install import labels_of
from benchmark.image.record import LayerRecord
from nnactive.errors import NnactiveError, UserError
from nnactive.io.files import sha256

BASE = "sha256:" + "b" * 64
RECORD = '{"requirements": ["bar==2.0", "foo==1.0"]}'
ADDED = ("bar==2.0", "foo==1.0")


class StandInDocker:
    """What Docker's client has that is used: it builds nothing, and keeps what it was asked."""

    def __init__(self, record=RECORD, fails=None) -> None:
        self.images = self.containers = self.api = self
        self.record, self.fails = record, fails
        self.known = {"bench": SimpleNamespace(id=BASE, labels={}, attrs={"Config": {"User": "7"}})}
        self.built: list[dict] = []
        self.left = 0

    def version(self):
        return {}

    def info(self):
        return {}

    def inspect_image(self, name):
        found = self.get(name)
        return {"Id": found.id, "Config": {"Labels": found.labels}}

    def get(self, name):
        if name not in self.known:
            raise ImageNotFound(name)
        return self.known[name]

    def build(self, *, fileobj, labels=None, tag=None, **options):
        if self.fails:
            raise self.fails
        self.built.append({"text": fileobj.read().decode(), "tag": tag, **options})
        image = SimpleNamespace(id=f"sha256:{len(self.built):064x}", labels=labels)
        if tag:
            self.known[tag] = image
        return image, iter([])

    def create(self, image):
        assert image == f"sha256:{1:064x}"
        self.left += 1
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w") as archive:
            info = tarfile.TarInfo("layer.json")
            info.size = len(self.record)
            archive.addfile(info, io.BytesIO(self.record.encode()))

        def get_archive(path):
            assert path == "/opt/benchmark/layer.json"
            return iter([content.getvalue()[:700], content.getvalue()[700:]]), {}

        return SimpleNamespace(get_archive=get_archive, remove=self.remove)

    def remove(self):
        self.left -= 1


def test_docker_builds_a_request_once_and_keeps_the_bases_user(monkeypatch) -> None:
    client = StandInDocker()
    runtime = DockerRuntime(client)
    found = layered(runtime, runtime.image("bench"), ["foo==1.0"])
    name = layer_name(BASE, ["foo==1.0"])
    labels = labels_of(LayerRecord(requirements=ADDED))
    reference = f"nnactive-benchmark-layer:{name}"
    digest = f"sha256:{2:064x}"
    assert found == Image(reference=reference, digest=digest, labels=labels, base=BASE)
    assert re.fullmatch("[0-9a-f]{16}", name)
    first, second = client.built
    origin, root, run, user = first["text"].splitlines()
    assert (origin, root, user) == (f"FROM {'b' * 64}", "USER 0", "USER 7")
    # A list, so that no shell reads it.
    assert json.loads(run.removeprefix("RUN ")) == layer_command(["foo==1.0"])
    assert second["text"] == f"FROM {1:064x}\n"
    assert first["tag"] is None
    assert {each["timeout"] for each in client.built} == {SECONDS_OF_A_BUILD}
    assert set(labels) == {"org.nnactive.layer", "org.nnactive.layer.requirements"}
    assert client.left == 0
    assert runtime.find_layer(runtime.image("bench"), name).requirements == ADDED
    assert layered(runtime, runtime.image("bench"), ["foo==1.0"]) == found
    assert len(client.built) == 2


def test_another_request_or_base_is_another_layer() -> None:
    names = {
        layer_name(base, wanted)
        for base in (BASE, "sha256:0")
        for wanted in (["a==1"], ["a==2"], ["a==1", "b==1"])
    }
    assert len(names) == 6
    assert layer_name(BASE, ["b==1", "a==1"]) == layer_name(BASE, ["a==1", "b==1"])


def test_what_needs_nothing_runs_in_the_image_itself() -> None:
    client = StandInDocker(record='{"requirements": []}')
    runtime = DockerRuntime(client)
    image = runtime.image("bench")
    assert image.base is None
    assert layered(runtime, image, []) is image
    assert client.built == []
    for _ in range(2):  # all of it is in the image; that is found out once
        assert layered(runtime, image, ["foo==1.0"]) is image
        assert len(client.built) == 2


LOG = [
    {"stream": "Step 3/4 : RUN\n"},
    {"stream": "error: submission.yaml: numpy==1 wou"},
    {"stream": "ld change numpy 2\n"},
    {"errorDetail": {"code": 2}, "error": "returned a non-zero code: 2"},
]
FAILURES = {
    "refused": (BuildError("non-zero code: 2", LOG), UserError, "^submission.yaml: numpy==1 would"),
    "killed": (
        BuildError("non-zero code: 137", LOG[:1]),
        NnactiveError,
        "^bench: can't build the layer on it: non-zero code: 137$",
    ),
    "daemon": (
        APIError("500", explanation="no space"),
        NnactiveError,
        "^bench: can't build the layer on it: no space$",
    ),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_failed_build_is_one_line(case) -> None:
    fails, kind, line = FAILURES[case]
    runtime = DockerRuntime(StandInDocker(fails=fails))
    with pytest.raises(NnactiveError, match=line) as caught:
        layered(runtime, runtime.image("bench"), ["foo==1.0"])
    assert type(caught.value) is kind


def test_no_image_is_one_line(tmp_path) -> None:
    with pytest.raises(UserError, match=r"^benhc: no such image here; build it: make image"):
        DockerRuntime(StandInDocker()).image("benhc")
    with pytest.raises(UserError, match=r"benhc\.sif: no such file; build it: make sif"):
        StandInApptainer([]).image(f"{tmp_path}/benhc.sif")


class StandInApptainer(ApptainerRuntime):
    """Keeps what it is asked for; a build writes a file as Apptainer would."""

    def __init__(self, calls, code=0, output="", *, layer=True, flags=()) -> None:
        super().__init__("apptainer", print, can_limit=True, build_flags=flags)
        self.calls, self.code, self.output, self.layer = calls, code, output, layer

    def _call(self, arguments):
        self.calls.append(list(arguments))
        if arguments[0] == "inspect":
            labels = labels_of(LayerRecord(requirements=ADDED)) if self.layer else {}
            told = json.dumps({"data": {"attributes": {"labels": labels}}, "type": "container"})
            return subprocess.CompletedProcess(arguments, 0, told, "")
        *_, draft, recipe = arguments
        self.calls.append(Path(recipe).read_text())
        Path(draft).write_text("half")
        errors = "FATAL: exit status 2\n"
        return subprocess.CompletedProcess(arguments, self.code, self.output, errors)


def sif(file: Path) -> Image:
    """A benchmark image in that file."""
    file.parent.mkdir(exist_ok=True)
    file.write_text("base")
    return Image(reference=str(file), digest=f"sha256:{sha256(file)}", labels={})


def test_apptainer_builds_a_request_once_beside_its_image(tmp_path) -> None:
    base, calls = tmp_path / "a folder" / "bench.sif", []
    image, runtime = sif(base), StandInApptainer(calls, flags=["--fakeroot"])
    found = layered(runtime, image, ["foo==1.0"])
    name = layer_name(image.digest, ["foo==1.0"])
    file = base.parent / "layers" / f"{name}.sif"
    assert (found.reference, found.base) == (str(file), image.digest)
    assert found.digest == f"sha256:{sha256(file)}"
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    (build, fakeroot, draft, _), recipe, *_ = calls
    assert (build, fakeroot) == ("build", "--fakeroot")
    assert Path(draft).parent.parent == file.parent
    head, post = recipe.split("\n\n%post\n")
    assert head == f"Bootstrap: localimage\nFrom: {base}"
    assert shlex.split(post) == ["exec", *layer_command(["foo==1.0"])]
    calls.clear()
    assert layered(runtime, image, ["foo==1.0"]) == found
    assert {call[0] for call in calls} == {"inspect"}
    assert runtime.find_layer(image, name).requirements == ADDED


def test_a_build_that_can_not_start_says_why() -> None:
    starter = ["INFO: x", "\x1b[91mERROR  : Requesting what it may not", "\x1b[0m: exit status 1"]
    line = "x.sif: can't build the layer on it: ERROR  : Requesting what it may not"
    image = Image(reference="x.sif", digest="sha256:0", labels={})
    assert str(layer_failure(image, starter)) == line


def test_a_failed_build_of_apptainer_leaves_no_file(tmp_path) -> None:
    image = sif(tmp_path / "bench.sif")
    for output, kind, line in [
        ("error: submission.yaml: no\n", UserError, "^submission.yaml: no$"),
        ("", NnactiveError, "bench.sif: can't build the layer on it: FATAL: exit status 2$"),
    ]:
        runtime = StandInApptainer([], 255, output)
        with pytest.raises(NnactiveError, match=line) as caught:
            layered(runtime, image, ["foo==1.0"])
        assert type(caught.value) is kind
        assert list((tmp_path / "layers").iterdir()) == []


def test_a_file_that_is_no_layer_is_not_taken_for_one(tmp_path) -> None:
    image = sif(tmp_path / "bench.sif")
    runtime = StandInApptainer([], layer=False)
    with pytest.raises(NnactiveError, match="its labels don't say what was added"):
        layered(runtime, image, ["foo==1.0"])
    name = layer_name(image.digest, ["foo==1.0"])
    (tmp_path / "layers" / f"{name}.sif").write_text("something else")
    with pytest.raises(UserError, match=r"\.sif: isn't a layer; remove it and run the same comm"):
        layered(runtime, image, ["foo==1.0"])


@pytest.mark.parametrize("name", ["a\n%post\nb", "{{ a }}"])
def test_a_path_that_a_definition_would_read_as_more_is_refused(tmp_path, name) -> None:
    image = sif(tmp_path / name / "bench.sif")
    calls: list = []
    with pytest.raises(UserError, match=r"^[^\n]*: Apptainer can't name such a path; move the"):
        layered(StandInApptainer(calls), image, ["foo==1.0"])
    assert calls == []


def test_no_apptainer_is_one_line(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("APPTAINER", raising=False)
    with pytest.raises(UserError, match=r"^apptainer: no such program; install Apptainer"):
        connect("apptainer", print)


def test_apptainer_builds_without_what_only_its_runs_can_have(monkeypatch, tmp_path) -> None:
    program = tmp_path / "apptainer"  # stands in for the real one: says what it was given
    given = "${APPTAINER_USERNS-no} ${APPTAINER_BIND-no} ${APPTAINER_TMPDIR-no}"
    program.write_text(f'#!/bin/sh\necho "{given}"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for name, value in (("USERNS", "1"), ("BIND", "/home"), ("TMPDIR", "/big")):
        monkeypatch.setenv(f"APPTAINER_{name}", value)
    runtime = connect("apptainer", print)
    assert runtime._call(["build"]).stdout == "no no /big\n"
    assert runtime._call(["inspect"]).stdout == "1 no /big\n"


def test_colours_are_no_reason() -> None:
    image = Image(reference="base.sif", digest="sha256:0", labels={})
    said = layer_failure(image, ["\x1b[91mERROR  : 'newgidmap' execution failed.", "\x1b[0m", ""])
    assert str(said).endswith("can't build the layer on it: ERROR  : 'newgidmap' execution failed.")
