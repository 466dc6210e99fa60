"""``--layer``: what is asked of the builder, and what then runs. The builder is a stand-in."""

from pathlib import Path

import docker
import pytest
import yaml

from benchmark.cli import images
from benchmark.cli.main import main
from benchmark.containers.layers import Built
from benchmark.containers.roles import Role
from benchmark.tracks import FOLDER
from nnactive.errors import UserError
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

    def digest(self, image: str) -> str:
        return f"digest of {image}"

    def find(self, image: str, name: str) -> None: ...

    def build(self, image: str, name: str, requirements) -> Built:
        self.asked.append((image, tuple(requirements)))
        return Built("a layer", self.added)


@pytest.fixture
def builder(client, monkeypatch) -> StandInLayers:
    made, whole = StandInLayers(), client.inspect_image
    layer = {"Id": LAYER, "Config": {}}
    monkeypatch.setattr(images, "layers", lambda _: made)
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
    assert images.requirements({"method": mine, "name": own}, SUBMIT) == both
    # METHODs that are given run instead of the track's.
    assert images.requirements({"methods": (mine,), "name": own}, RUN) == both[:1]
    assert images.requirements({"methods": (), "name": own}, RUN) == both[1:]
    assert images.requirements({"method": f"{mine},x=1", "name": "demo"}, SUBMIT) == both[:1]
    other = submission("c", "einops==0.8.1")
    with pytest.raises(UserError, match=r"^c/submission.yaml: einops==0.8.1, but a/submission"):
        images.requirements({"methods": (mine, other), "name": "demo"}, RUN)


def test_apptainer_is_the_same_program_and_hashes_an_image_once(
    apptainer, tmp_path, monkeypatch
) -> None:
    program = tmp_path / "bin" / "apptainer"
    monkeypatch.setenv("APPTAINER", str(program.rename(tmp_path / "module")))
    found = images.layers("apptainer")
    assert found.digest("benchmark.sif") == f"sha256:{sha256(Path('benchmark.sif'))}"
    monkeypatch.setattr("benchmark.containers.digest.sha256", lambda _: pytest.fail("again"))
    assert found.digest("benchmark.sif") == f"sha256:{sha256(Path('benchmark.sif'))}"
    assert '"labels"' in found.run(["inspect"]).stdout
    monkeypatch.setenv("APPTAINER", "/nowhere/apptainer")
    with pytest.raises(UserError, match=r"^/nowhere/apptainer: no such program"):
        images.layers("apptainer")


def test_docker_may_take_long_to_build(monkeypatch) -> None:
    given: dict[str, int] = {}
    monkeypatch.setattr(docker, "from_env", lambda **more: given.update(more) or "the client")
    assert images.layers("docker").client == "the client"
    assert given == {"timeout": images.SECONDS_OF_A_BUILD}


def test_flags_of_a_site_go_into_apptainers_build(monkeypatch) -> None:
    monkeypatch.setattr("benchmark.containers.apptainer.find_program", lambda: "apptainer")
    monkeypatch.setenv("NNACTIVE_BUILD_FLAGS", "--fakeroot --mksquashfs-args '-comp zstd'")
    found = images.layers("apptainer")
    assert found.options == ("--fakeroot", "--mksquashfs-args", "-comp zstd")
