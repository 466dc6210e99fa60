"""The commands that ``--runtime`` takes into a container: the same for both, on stand-ins."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import click
import pytest

from benchmark.cli.contained import Contained, runtime_options
from benchmark.cli.main import cli, main
from benchmark.containers.container import Runtime
from benchmark.containers.roles import Role
from benchmark.containers.runtimes import LOCAL, RUNTIMES, connect
from nnactive.io.beside.companions import write_with_companions

ROOT = Path(__file__).parents[3]
LINE = "error: "


def errors(capsys) -> list[str]:
    return [line for line in capsys.readouterr().err.splitlines() if line.startswith(LINE)]


def commands(group: click.Group, words: tuple[str, ...] = ()) -> dict[str, click.Command]:
    found = {}
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found |= commands(command, (*words, name))
        else:
            found[" ".join((*words, name))] = command
    return found


def test_which_commands_can_and_every_role_is_of_a_parameter() -> None:
    able = {name: each for name, each in commands(cli).items() if isinstance(each, Contained)}
    assert set(able) == {
        *("submit", "track run", "check", "replay", "doctor", "data list", "data prepare"),
        *("data verify", "data check", "data download", "data guide", "data add"),
        *("leaderboard build", "leaderboard table", "leaderboard compare", "shard"),
        *("show queries", "show predictions", "show uncertainty"),
        *("annotate init", "annotate next", "annotate import", "annotate status"),
        "annotate finish",
    }
    for command in able.values():
        assert set(command.roles) <= {param.name for param in command.params}
        paths = {
            param.name
            for param in command.params
            if isinstance(param.type, click.Path) and param.name != "scratch"
        }
        assert paths <= set(command.roles)
    assert {name for name, each in able.items() if each.network} == {"data download"}
    assert {name for name, each in able.items() if each.gpu} == {
        *("submit", "track run", "replay", "doctor", "shard"),
        *("show predictions", "show uncertainty"),
        *("annotate next", "annotate finish"),
    }
    kept = {name for name, each in able.items() if Role.KEPT_DATA in each.roles.values()}
    assert kept == {"data prepare", "data download"}


def test_a_runtime_is_a_module_and_its_registration(client, apptainer, monkeypatch) -> None:
    option = next(param for param in runtime_options() if param.name == "runtime")
    assert list(option.type.choices) == [LOCAL, *RUNTIMES]
    protocol = {name for name in vars(Runtime) if not name.startswith("_")}
    for name in RUNTIMES:
        assert protocol <= set(dir(connect(name, print)))
    said: list[str] = []
    another = SimpleNamespace(connect=lambda say: say("found") or "another")
    monkeypatch.setitem(sys.modules, "benchmark.containers.runtimes.another", another)
    assert connect("another", said.append) == "another"
    assert said == ["found"]


def test_both_runtimes_get_the_same(client, apptainer, monkeypatch) -> None:
    Path("data").mkdir()
    monkeypatch.setenv("NNACTIVE_RUNS", "my runs")
    command = ["submit", "nothing", "--param", "a=1", "--param", "b=2", "--cores", "3", "--seconds"]
    for runtime in ("docker", "apptainer"):
        main([*command, "5", "--runtime", runtime])
    (made,) = client.created
    assert made["command"] == apptainer.arguments
    assert made["command"] == [
        *("submit", "--param=a=1", "--param=b=2", "--seconds=5.0", "--cores=3", "--data=/data"),
        *("--runs=/results", "--out=/scratch/out/leaderboard.html", "nothing"),
    ]
    mounts = [
        (mount["Source"], mount["Target"], mount["ReadOnly"])
        for mount in made["host_config"]["Mounts"]
        if mount["Target"] != "/scratch"
    ]
    assert mounts == [
        (str(Path("data").resolve()), "/data", True),
        (str(Path("my runs").resolve()), "/results", False),
    ]
    assert apptainer.mounts[:2] == [
        f"type=bind,source={source},destination={target}{',ro' if read_only else ''}"
        for source, target, read_only in mounts
    ]
    assert made["host_config"]["NanoCpus"] == 3 * 10**9


def test_the_runtime_may_come_from_the_environment(client, monkeypatch) -> None:
    monkeypatch.setenv("NNACTIVE_RUNTIME", "docker")
    monkeypatch.setenv("NNACTIVE_IMAGE", "mine:2")
    assert main(["track", "list"]) == 0
    assert main(["check", "random"]) == 0
    assert client.inspected == ["mine:2"]


def test_the_wish_for_isolation_goes_along(client, monkeypatch) -> None:
    main(["check", "random", "--isolation", "landlock", "--runtime", "docker"])
    monkeypatch.setenv("NNACTIVE_ISOLATION", "none")
    main(["check", "random", "--runtime", "docker"])
    for made, isolation in zip(client.created, ("landlock", "none"), strict=True):
        assert f"--isolation={isolation}" in made["command"]


@pytest.mark.parametrize(
    ("option", "value"),
    [("--image", "x"), ("--memory", "1g"), ("--shm-size", "1g"), ("--scratch", "s")],
)
def test_options_of_containers_need_one(option, value, capsys) -> None:
    assert main(["check", "random", option, value]) == 2
    assert errors(capsys) == [
        f"{LINE}{option}: is for containers; add --runtime docker or apptainer"
    ]


@pytest.mark.parametrize("value", ["1x", "0", "-1g", "g", "1.5g"])
def test_an_amount_of_memory_that_is_none(value, client, capsys) -> None:
    assert main(["check", "random", "--runtime", "docker", "--memory", value]) == 2
    assert "write one such as 16g" in capsys.readouterr().err
    assert not client.created


def test_a_page_comes_to_its_place(client, capsys) -> None:
    client.during = lambda: written(client, "out/page.html", "the page")
    client.out = [b"leaderboard: /scratch/out/page.html\n"]
    assert main(["submit", "random", "--out", "deep/page.html", "--runtime", "docker"]) == 0
    assert Path("deep/page.html").read_text() == "the page"
    assert capsys.readouterr().out == "leaderboard: deep/page.html\n"
    client.during = lambda: None
    assert main(["submit", "random", "--out", "deep/page.html", "--runtime", "docker"]) == 0
    assert Path("deep/page.html").read_text() == "the page"


def test_a_page_comes_with_the_files_beside_it(client) -> None:
    def made(**files: str) -> None:
        out = mounted(client, "/scratch") / "out/page.html"
        content = {f"{name}.js": text.encode() for name, text in files.items()}
        write_with_companions(out, b"the page", content)
        (out.parent / "page_files" / "stranger.txt").write_text("stranger")

    command = ["submit", "random", "--out", "deep/page.html", "--runtime", "docker"]
    client.during = lambda: made(one="1", two="2")
    assert main(command) == 0
    client.during = lambda: made(two="2", three="3")
    assert main(command) == 0
    found = {path.name: path.read_text() for path in Path("deep/page_files").glob("*")}
    assert found.pop("manifest.json")
    assert found == {"two.js": "2", "three.js": "3"}


def test_the_folder_of_pictures_has_its_name_here(client, capsys) -> None:
    client.during = lambda: write_with_companions(
        mounted(client, "/scratch") / "out/queries.html", b"the page", {"loop_1.png": b"png"}
    )
    client.out = [b"page: /scratch/out/queries.html\n", b"pictures: /scratch/out/queries_files\n"]
    command = ["show", "queries", "demo", "--out", "deep/queries.html", "--runtime", "docker"]
    assert main(command) == 0
    told = capsys.readouterr().out.splitlines()
    assert told == ["page: deep/queries.html", "pictures: deep/queries_files"]
    assert Path("deep/queries_files/loop_1.png").read_bytes() == b"png"


def mounted(client, target: str) -> Path:
    (source,) = (
        mount["Source"]
        for mount in client.created[-1]["host_config"]["Mounts"]
        if mount["Target"] == target
    )
    return Path(source)


def written(client, name: str, text: str) -> None:
    (mounted(client, "/scratch") / name).write_text(text)


def test_a_link_that_a_method_left_is_not_followed(client, capsys, tmp_path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "page.html").write_text("secret")
    command = ["submit", "random", "--out", "runs/pages/page.html", "--runtime", "docker"]

    def file_of_the_host() -> None:
        (mounted(client, "/scratch") / "out/page.html").symlink_to(tmp_path / "secret/page.html")

    def folder_of_the_host() -> None:
        (mounted(client, "/scratch") / "out").rmdir()
        (mounted(client, "/scratch") / "out").symlink_to(tmp_path / "secret")

    def place_elsewhere() -> None:
        written(client, "out/page.html", "page")
        (mounted(client, "/results") / "pages/page_files").unlink()
        (mounted(client, "/results") / "pages").rmdir()
        (mounted(client, "/results") / "pages").symlink_to(tmp_path / "secret")

    def companion_of_the_host() -> None:
        out = mounted(client, "/scratch") / "out/page.html"
        write_with_companions(out, b"page", {"page.js": b""})
        (out.parent / "page_files/page.js").unlink()
        (out.parent / "page_files/page.js").symlink_to(tmp_path / "secret/page.html")

    def companions_elsewhere() -> None:
        out = mounted(client, "/scratch") / "out/page.html"
        write_with_companions(out, b"page", {"page.js": b""})
        (mounted(client, "/results") / "pages/page_files").symlink_to(tmp_path / "secret")

    tricks = (file_of_the_host, folder_of_the_host, companion_of_the_host, companions_elsewhere)
    for trick in (*tricks, place_elsewhere):
        client.during = trick
        assert main(command) == 2
        (line,) = errors(capsys)
        assert line.startswith(f"{LINE}runs/pages/page.html: not written, as the container left")
        assert trick == place_elsewhere or not Path("runs/pages/page.html").exists()
    assert (tmp_path / "secret" / "page.html").read_text() == "secret"
    assert len(list((tmp_path / "secret").iterdir())) == 1


def test_a_run_needs_its_data_and_the_demo_needs_none(client, capsys) -> None:
    assert main(["track", "run", "hippocampus_lite", "--runtime", "docker"]) == 2
    (line,) = errors(capsys)
    assert line.startswith(f"{LINE}data: no such folder, and hippocampus must be prepared")
    assert "nnactive-bench data prepare hippocampus" in line
    assert not client.created
    assert main(["track", "run", "demo", "--runtime", "docker"]) == 0
    assert not Path("data").exists()


@pytest.mark.parametrize(
    ("track", "link"),
    [
        ("hippocampus_lite", "data/hippocampus"),
        ("hippocampus_lite", "runs/hippocampus_lite"),
        ("precomputed", "runs/main"),  # whose queries it takes
    ],
)
def test_a_link_out_of_a_mounted_folder_is_told(track, link, client, capsys, tmp_path) -> None:
    for folder in ("data", "runs"):
        Path(folder).mkdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    Path(link).symlink_to(elsewhere)
    assert main(["track", "run", track, "--runtime", "docker"]) == 2
    (line,) = errors(capsys)
    assert line.startswith(f"{LINE}{link}: is a link to {elsewhere}, which a container of ")
    assert line.endswith(f"with --{link.partition('/')[0]}")
    assert not client.created


def test_a_download_has_a_network_and_what_it_takes(client, monkeypatch, tmp_path) -> None:
    trusted = tmp_path / "ca.crt"
    trusted.touch()
    Path("Task1").mkdir()
    monkeypatch.setenv("https_proxy", "http://proxy:1")
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    monkeypatch.setenv("SYNAPSE_AUTH_TOKEN", "t")
    assert main(["data", "download", "acdc", "--accept-licence", "--runtime", "docker"]) == 0
    assert main(["data", "prepare", "acdc", "--raw", "Task1", "--runtime", "docker"]) == 0
    download, prepare = client.created
    assert download["command"] == ["data", "download", "--data=/data", "--accept-licence", "acdc"]
    assert download["environment"]["https_proxy"] == "http://proxy:1"
    assert "SYNAPSE_AUTH_TOKEN" in download["environment"]
    assert download["environment"]["SSL_CERT_FILE"] == "/certificates/ssl_cert_file"
    assert download["host_config"].get("NetworkMode") != "none"
    assert prepare["host_config"]["NetworkMode"] == "none"
    assert "https_proxy" not in prepare["environment"]
    assert prepare["command"][2] == "--raw=/raw/Task1"


def test_a_guide_is_written_here_and_spares_other_files(client) -> None:
    Path("guide_acdc.yaml").write_text("mine")
    seen = []

    def look() -> None:
        (scratch,) = (
            mount["Source"]
            for mount in client.created[-1]["host_config"]["Mounts"]
            if mount["Target"] == "/scratch"
        )
        seen.append(Path(scratch, "out", "guide_acdc.yaml").read_text())

    client.during = look
    assert main(["data", "guide", "acdc", "--runtime", "docker"]) == 0
    assert client.created[0]["command"][-2:] == ["--out=/scratch/out/guide_acdc.yaml", "acdc"]
    assert seen == ["mine"]
    assert Path("guide_acdc.yaml").read_text() == "mine"


def test_the_leaderboard_is_built_inside(apptainer, capfd) -> None:
    Path("runs").mkdir()
    command = ["leaderboard", "build", "--results", "runs", "--out", "p.html"]
    assert main([*command, "--runtime", "apptainer"]) == 2
    assert apptainer.arguments == [
        *("leaderboard", "build", "--results=/results/runs", "--out=/scratch/out/p.html"),
    ]
    told = capfd.readouterr().err
    assert "runs: no result.json found" in told
    assert main(["leaderboard", "table", "--published", "--runtime", "apptainer"]) == 0
    assert apptainer.arguments == ["leaderboard", "table", "--published"]
    assert "|" in capfd.readouterr().out


def test_the_command_line_starts_without_what_containers_need() -> None:
    heavy = {"docker", "requests", "pydantic"}
    code = f"import sys, benchmark.cli.main; print({heavy} & set(sys.modules))"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.check_output([sys.executable, "-c", code], text=True, env=env)
    assert done.strip() == "set()"
