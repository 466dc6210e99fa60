"""``--layer``: what is asked of the builder, and what then runs. The builder is a stand-in."""

from pathlib import Path

import pytest
import yaml

from benchmark.cli.contained import requirements
from benchmark.cli.main import main
from benchmark.containers.container import Image, Layer
from benchmark.containers.images import PROTOCOL
from benchmark.containers.roles import Role
from benchmark.containers.runtimes import connect
from benchmark.containers.runtimes.docker import DockerRuntime
from benchmark.tracks import FOLDER
from nnactive.errors import NnactiveError, UserError
from nnactive.io.files import sha256

PIN = "einops==0.8.2"
METHOD = "class Mine: ..."
LAYER = "b" * 64
SUBMIT = {"method": Role.METHOD, "name": Role.TRACK}
RUN = {"methods": Role.METHOD, "name": Role.TRACK}


class StandInLayers:
    """STAND-IN for what builds layers: keeps what it is asked for."""

    def __init__(self, added: tuple[str, ...] = (PIN,)) -> None:
        self.added = added
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def build(self, image: Image, name: str, requirements) -> Layer:
        self.asked.append((image.reference, tuple(requirements)))
        return Layer("a layer", self.added)


@pytest.fixture
def builder(client, monkeypatch) -> StandInLayers:
    made, whole = StandInLayers(), client.inspect_image
    layer = {"Id": LAYER, "Config": {}}
    monkeypatch.setattr(DockerRuntime, "find_layer", lambda *_: None)
    monkeypatch.setattr(DockerRuntime, "build_layer", lambda _, *asked: made.build(*asked))
    monkeypatch.setattr(
        client, "inspect_image", lambda name: layer if name == "a layer" else whole(name)
    )
    return made


def submission(folder: str, pin: str = PIN) -> str:
    Path(folder).mkdir()
    Path(folder, "mine.py").write_text(METHOD)
    Path(folder, "submission.yaml").write_text(f"requirements: [{pin}]\n")
    return f"{folder}/mine.py:Mine"


def track(*methods: str) -> str:
    content = yaml.safe_load((FOLDER / "demo.yaml").read_text())
    Path("own.yaml").write_text(yaml.safe_dump(content | {"name": "own", "methods": [*methods]}))
    return "own.yaml"


def test_a_layer_is_what_runs_and_the_image_below_is_known(client, builder) -> None:
    base = client.inspect_image("any")["Id"]
    method = submission("a")
    assert main(["check", method, "--layer", "--runtime", "docker", "--image", "mine:2"]) == 0
    assert builder.asked == [("mine:2", (PIN,))]
    (made,) = client.created
    assert made["image"] == f"sha256:{LAYER}"
    assert made["environment"]["NNACTIVE_IMAGE_DIGEST"] == f"sha256:{LAYER}"
    assert made["environment"]["NNACTIVE_BASE_DIGEST"] == f"sha256:{base}"
    assert made["command"] == ["check", "/submission/mine.py:Mine"]


def test_without_need_or_wish_there_is_no_layer(client, builder) -> None:
    method = submission("a")
    assert main(["check", method, "--runtime", "docker"]) == 0
    assert main(["check", "random", "--layer", "--runtime", "docker"]) == 0
    assert not builder.asked
    builder.added = ()  # the image has it all
    assert main(["check", method, "--layer", "--runtime", "docker"]) == 0
    assert builder.asked
    for made in client.created:
        assert made["image"] != f"sha256:{LAYER}"
        assert "NNACTIVE_BASE_DIGEST" not in made["environment"]


def test_no_layer_is_built_on_another_checkouts_image(client, builder, capsys) -> None:
    client.labels |= {"org.nnactive.protocol": "0.9"}
    assert main(["check", submission("a"), "--layer", "--runtime", "docker"]) == 2
    assert "its protocol version is 0.9" in capsys.readouterr().err
    assert not builder.asked


def test_all_methods_of_a_run_come_into_one_layer() -> None:
    mine, own = submission("a"), track(submission("b", "ninja==1.13.0"), "random")
    both = ("einops==0.8.2", "ninja==1.13.0")
    assert requirements({"method": mine, "name": own}, SUBMIT) == both
    # METHODs that are given run instead of the track's.
    assert requirements({"methods": (mine,), "name": own}, RUN) == both[:1]
    assert requirements({"methods": (), "name": own}, RUN) == both[1:]
    assert requirements({"method": f"{mine},x=1", "name": "demo"}, SUBMIT) == both[:1]
    other = submission("c", "einops==0.8.1")
    with pytest.raises(UserError, match=r"^c/submission.yaml: einops==0.8.1, but a/submission"):
        requirements({"methods": (mine, other), "name": "demo"}, RUN)


def test_apptainer_is_the_same_program_and_hashes_an_image_once(
    apptainer, tmp_path, monkeypatch
) -> None:
    program = tmp_path / "bin" / "apptainer"
    monkeypatch.setenv("APPTAINER", str(program.rename(tmp_path / "module")))
    runtime = connect("apptainer", print)
    digest = f"sha256:{sha256(Path('benchmark.sif'))}"
    assert runtime.image("benchmark.sif").digest == digest
    monkeypatch.setattr(
        "benchmark.containers.runtimes.apptainer.sha256", lambda _: pytest.fail("again")
    )
    assert runtime.image("benchmark.sif").digest == digest
    assert PROTOCOL in runtime.image("benchmark.sif").labels
    monkeypatch.setenv("APPTAINER", "/nowhere/apptainer")
    with pytest.raises(UserError, match=r"^/nowhere/apptainer: no such program"):
        connect("apptainer", print)


def test_an_engine_may_be_silent_for_hours(client) -> None:
    connect("docker", print)
    assert client.timeout is None


def test_flags_of_a_site_go_into_apptainers_build(apptainer, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("NNACTIVE_BUILD_FLAGS", "--fakeroot --mksquashfs-args '-comp zstd'")
    monkeypatch.setenv("STAND_IN_FAILS", "no")
    runtime = connect("apptainer", print)
    with pytest.raises(NnactiveError):
        runtime.build_layer(runtime.image("benchmark.sif"), "name", [PIN])
    command, *flags = apptainer.called["arguments"][:-2]
    assert command == "build"
    assert flags == ["--fakeroot", "--mksquashfs-args", "-comp zstd"]
