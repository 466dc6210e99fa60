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

from benchmark.containers.apptainer_layers import ApptainerLayers, run_apptainer
from benchmark.containers.docker_layers import DockerLayers
from benchmark.containers.layers import command, failure, layer_name, layered
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
        self.images = self.containers = self
        self.record, self.fails = record, fails
        self.known = {"bench": SimpleNamespace(id=BASE, labels={}, attrs={"Config": {"User": "7"}})}
        self.built: list[dict] = []
        self.left = 0

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
    runtime = DockerLayers(client, {"network_mode": "host"})
    found = layered(runtime, "bench", ["foo==1.0"])
    name = layer_name(BASE, ["foo==1.0"])
    assert found == (f"nnactive-benchmark-layer:{name}", BASE, ADDED)
    assert re.fullmatch("[0-9a-f]{16}", name)
    first, second = client.built
    origin, root, run, user = first["text"].splitlines()
    assert (origin, root, user) == (f"FROM {'b' * 64}", "USER 0", "USER 7")
    # A list, so that no shell reads it.
    assert json.loads(run.removeprefix("RUN ")) == command(["foo==1.0"])
    assert second["text"] == f"FROM {1:064x}\n"
    assert first["tag"] is None
    assert {each["network_mode"] for each in client.built} == {"host"}
    labels = client.known[found.reference].labels
    assert labels == labels_of(LayerRecord(requirements=ADDED))
    assert set(labels) == {"org.nnactive.layer", "org.nnactive.layer.requirements"}
    assert client.left == 0
    assert layered(runtime, "bench", ["foo==1.0"]) == found
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
    assert layered(DockerLayers(client), "bench", []) == ("bench", None, ())
    assert client.built == []
    for _ in range(2):  # all of it is in the image; that is found out once
        assert layered(DockerLayers(client), "bench", ["foo==1.0"]) == ("bench", None, ())
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
        "^bench: the layer on it can't be built: non-zero code: 137$",
    ),
    "daemon": (
        APIError("500", explanation="no space"),
        NnactiveError,
        "^bench: the layer on it can't be built: no space$",
    ),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_failed_build_is_one_line(case) -> None:
    fails, kind, line = FAILURES[case]
    with pytest.raises(NnactiveError, match=line) as caught:
        layered(DockerLayers(StandInDocker(fails=fails)), "bench", ["foo==1.0"])
    assert type(caught.value) is kind


def test_no_image_is_one_line(tmp_path) -> None:
    with pytest.raises(UserError, match=r"^benhc: no such image; make it: make image$"):
        layered(DockerLayers(StandInDocker()), "benhc", ["foo==1.0"])
    with pytest.raises(UserError, match=r"benhc\.sif: no such image; make it: make sif$"):
        layered(ApptainerLayers(stand_in_apptainer([])), f"{tmp_path}/benhc.sif", ["foo==1.0"])


def stand_in_apptainer(calls, code=0, output="", *, layer=True):
    """Keeps what it is asked for; a build writes a file as Apptainer would."""

    def run(arguments):
        calls.append(list(arguments))
        if arguments[0] == "inspect":
            labels = labels_of(LayerRecord(requirements=ADDED)) if layer else {}
            told = json.dumps({"data": {"attributes": {"labels": labels}}, "type": "container"})
            return subprocess.CompletedProcess(arguments, 0, told, "")
        *_, draft, recipe = arguments
        calls.append(Path(recipe).read_text())
        Path(draft).write_text("half")
        return subprocess.CompletedProcess(arguments, code, output, "FATAL: exit status 2\n")

    return run


def test_apptainer_builds_a_request_once_beside_its_image(tmp_path) -> None:
    base, calls = tmp_path / "a folder" / "bench.sif", []
    base.parent.mkdir()
    base.write_text("base")
    runtime = ApptainerLayers(stand_in_apptainer(calls), ["--fakeroot"])
    found = layered(runtime, str(base), ["foo==1.0"])
    file = base.parent / "layers" / f"{layer_name(sha256(base), ['foo==1.0'])}.sif"
    assert found == (str(file), sha256(base), ADDED)
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    (build, fakeroot, draft, _), recipe, _ = calls
    assert (build, fakeroot) == ("build", "--fakeroot")
    assert Path(draft).parent.parent == file.parent
    head, post = recipe.split("\n\n%post\n")
    assert head == f"Bootstrap: localimage\nFrom: {base}"
    assert shlex.split(post) == ["exec", *command(["foo==1.0"])]
    assert layered(runtime, str(base), ["foo==1.0"]) == found
    assert [call[0] for call in calls[3:]] == ["inspect"]


def test_a_build_that_can_not_start_says_why() -> None:
    starter = ["INFO: x", "\x1b[91mERROR  : Requesting what it may not", "\x1b[0m: exit status 1"]
    line = "x.sif: the layer on it can't be built: ERROR  : Requesting what it may not"
    assert str(failure("x.sif", starter)) == line


def test_a_failed_build_of_apptainer_leaves_no_file(tmp_path) -> None:
    (tmp_path / "bench.sif").write_text("base")
    for output, kind, line in [
        ("error: submission.yaml: no\n", UserError, "^submission.yaml: no$"),
        ("", NnactiveError, "bench.sif: the layer on it can't be built: FATAL: exit status 2$"),
    ]:
        runtime = ApptainerLayers(stand_in_apptainer([], 255, output))
        with pytest.raises(NnactiveError, match=line) as caught:
            layered(runtime, str(tmp_path / "bench.sif"), ["foo==1.0"])
        assert type(caught.value) is kind
        assert list((tmp_path / "layers").iterdir()) == []


def test_a_file_that_is_no_layer_is_not_taken_for_one(tmp_path) -> None:
    (tmp_path / "bench.sif").write_text("base")
    runtime = ApptainerLayers(stand_in_apptainer([], layer=False))
    with pytest.raises(NnactiveError, match="its labels don't say what was added"):
        layered(runtime, str(tmp_path / "bench.sif"), ["foo==1.0"])
    name = layer_name(sha256(tmp_path / "bench.sif"), ["foo==1.0"])
    (tmp_path / "layers" / f"{name}.sif").write_text("something else")
    with pytest.raises(UserError, match=r"\.sif: isn't a layer; remove it and run the same comm"):
        layered(runtime, str(tmp_path / "bench.sif"), ["foo==1.0"])


@pytest.mark.parametrize("name", ["a\n%post\nb", "{{ a }}"])
def test_a_path_that_a_definition_would_read_as_more_is_refused(tmp_path, name) -> None:
    base = tmp_path / name / "bench.sif"
    base.parent.mkdir()
    base.write_text("base")
    calls: list = []
    with pytest.raises(UserError, match=r"^[^\n]*: Apptainer can't name such a path; move the"):
        layered(ApptainerLayers(stand_in_apptainer(calls)), str(base), ["foo==1.0"])
    assert calls == []


def test_no_apptainer_is_one_line(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="no apptainer here; install it"):
        run_apptainer(["version"])


def test_apptainer_builds_without_what_only_its_runs_can_have(monkeypatch, tmp_path) -> None:
    program = tmp_path / "apptainer"  # stands in for the real one: says what it was given
    given = "${APPTAINER_USERNS-no} ${APPTAINER_BIND-no} ${APPTAINER_TMPDIR-no}"
    program.write_text(f'#!/bin/sh\necho "{given}"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for name, value in (("USERNS", "1"), ("BIND", "/home"), ("TMPDIR", "/big")):
        monkeypatch.setenv(f"APPTAINER_{name}", value)
    assert run_apptainer(["build"]).stdout == "no no /big\n"


def test_colours_are_no_reason() -> None:
    said = failure("base.sif", ["\x1b[91mERROR  : 'newgidmap' execution failed.", "\x1b[0m", ""])
    assert str(said).endswith("can't be built: ERROR  : 'newgidmap' execution failed.")
