"""What an engine is asked for, and what becomes of its answers; the client is a stand-in."""

import os
import signal
import threading
from pathlib import Path, PurePosixPath

import docker
import pytest
import requests

from benchmark.cli.main import main
from benchmark.containers.container import Container, Image, Limits, Mount
from benchmark.containers.leftovers import LABEL, this_process
from benchmark.containers.runtimes.docker import DockerRuntime
from benchmark.containers.runtimes.engine import engine_of, host_config
from benchmark.execution.gpu_locks import gpu_locks

ID = "sha256:" + "a" * 64
CHECK = ["check", "random", "--runtime", "docker"]


def container(**changes) -> Container:
    image = Image(reference="i", digest=ID, labels={})
    mount = Mount(source=Path("/somewhere"), target=PurePosixPath("/data"))
    content = {"image": image, "arguments": ("check",), "mounts": (mount,), "environment": {}}
    return Container(**(content | changes))


def settings(client, asked: Container) -> dict:
    return host_config(client, engine_of(client), asked)


def error(text: str) -> docker.errors.APIError:
    return docker.errors.APIError("500", response=requests.Response(), explanation=text)


def only_error(capsys) -> str:
    (line,) = capsys.readouterr().err.splitlines()
    return line


# What it is asked for


def test_a_container_may_do_nothing_but_its_work(client) -> None:
    asked = settings(client, container())
    assert asked["ReadonlyRootfs"] is True
    assert asked["NetworkMode"] == "none"
    assert asked["CapDrop"] == ["ALL"]
    assert "no-new-privileges" in asked["SecurityOpt"]
    assert asked["PidsLimit"] == 16384
    assert asked["ShmSize"] == 8 << 30
    assert list(asked["Tmpfs"]) == ["/tmp"]  # noqa: S108
    assert asked["Mounts"] == [
        {"Target": "/data", "Source": "/somewhere", "Type": "bind", "ReadOnly": True}
    ]
    assert not {"Memory", "NanoCpus", "DeviceRequests", "UsernsMode"} & {
        key for key, value in asked.items() if value
    }


def test_limits_and_a_network_are_given_where_they_are_asked_for(client) -> None:
    limits = Limits(memory=1 << 30, shared_memory=1 << 20, cores=99)
    asked = settings(client, container(limits=limits, network=True))
    assert asked["Memory"] == 1 << 30
    assert asked["ShmSize"] == 1 << 20
    assert asked["NanoCpus"] == 8 * 10**9  # no more than there are, which engines refuse
    assert asked.get("NetworkMode") != "none"


def test_limits_that_the_engine_can_not_set_are_named(client) -> None:
    client.about |= {"MemoryLimit": False, "PidsLimit": False}
    runtime = DockerRuntime(client)
    limited = container(limits=Limits(memory=1))
    assert "Memory" not in settings(client, limited)
    (note,) = runtime.notes(limited)
    assert "memory, the number of processes" in note
    client.about = {}
    assert DockerRuntime(client).notes(limited) == []


@pytest.mark.parametrize(
    ("podman", "options", "user", "userns"),
    [
        (False, [], "caller", None),
        (True, [], "caller", None),
        (True, ["name=rootless"], "caller", "keep-id"),
        (False, ["name=rootless"], "0:0", None),
        (False, ["name=userns"], "caller", "host"),
    ],
)
def test_files_belong_to_the_caller_under_every_engine(
    podman, options, user, userns, client, monkeypatch
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 1234)
    monkeypatch.setattr(os, "getgid", lambda: 5678)
    client.components = [{"Name": "Podman Engine" if podman else "Engine"}]
    client.about["SecurityOptions"] = options
    assert main(CHECK) == 0
    (made,) = client.created
    assert made["user"] == ("1234:5678" if user == "caller" else user)
    assert made["host_config"].get("UsernsMode") == userns


def test_gpus_are_named_as_each_engine_names_them(client) -> None:
    with_gpus = container(gpus=("1", "GPU-ab"))
    (asked,) = settings(client, with_gpus)["DeviceRequests"]
    assert asked["DeviceIDs"] == ["1", "GPU-ab"]
    assert asked["Capabilities"] == [["gpu"]]
    assert not DockerRuntime(client).notes(with_gpus)
    client.components = [{"Name": "Podman Engine"}]
    (asked,) = settings(client, with_gpus)["DeviceRequests"]
    assert asked["Driver"] == "cdi"
    assert asked["DeviceIDs"] == ["nvidia.com/gpu=1", "nvidia.com/gpu=GPU-ab"]
    (note,) = DockerRuntime(client).notes(with_gpus)
    assert "Podman" in note


# From the command line


def test_the_image_is_run_by_its_digest_and_told_it(client, monkeypatch) -> None:
    monkeypatch.setenv("NNACTIVE_DEBUG", "1")
    monkeypatch.setenv("SECRET", "s")
    assert main([*CHECK, "--image", "mine:1", "--memory", "2G"]) == 0
    (made,) = client.created
    assert made["image"] == ID
    assert made["command"] == ["check", "random"]
    assert made["environment"] == {
        "NNACTIVE_IMAGE_DIGEST": ID,
        "NNACTIVE_DEBUG": "1",
        "NVIDIA_VISIBLE_DEVICES": "void",
    }
    assert made["working_dir"] == "/scratch"
    assert made["host_config"]["Memory"] == 2 << 30
    (mount,) = made["host_config"]["Mounts"]
    assert mount["Target"] == "/scratch"
    assert not Path(mount["Source"]).exists()


def test_output_goes_where_it_belongs_and_the_exit_code_is_the_containers(client, capsys) -> None:
    client.status = 5
    client.out, client.err = [b"one\ntw", b"o\n"], [b"error: x\n"]
    assert main(CHECK) == 5
    told = capsys.readouterr()
    assert (told.out, told.err) == ("one\ntwo\n", "error: x\n")
    assert client.calls == ["create", "start", "remove one"]
    assert threading.get_ident() not in client.log_threads


def test_ctrl_c_stops_the_container(client, capsys) -> None:
    client.waits, client.last_words = KeyboardInterrupt(), [b"interrupted inside\n"]
    assert main(CHECK) == 130
    assert client.calls == ["create", "start", "stop", "remove one"]
    assert client.created[0]["stop_signal"] == "SIGINT"
    told = capsys.readouterr().err
    assert "interrupted; run the same command to continue" in told
    assert "inside" not in told


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1])
def test_so_does_the_end_of_a_job(number, client, capsys) -> None:
    client.during = lambda: os.kill(os.getpid(), number)
    before = signal.getsignal(number)
    assert main(CHECK) == 128 + number
    assert client.calls == ["create", "start", "stop", "remove one"]
    assert signal.getsignal(number) == before


def test_containers_of_killed_calls_are_removed_first(client) -> None:
    *machine, number, _ = this_process().split()
    killed = " ".join([*machine, number, "1"])
    client.others = [
        {"Id": "dead", "Labels": {LABEL: killed}},
        {"Id": "alive", "Labels": {LABEL: this_process()}},
    ]
    assert main(CHECK) == 0
    assert client.calls == ["remove dead", "create", "start", "remove one"]
    assert client.created[0]["labels"] == {LABEL: this_process()}


def test_a_refused_start_is_one_line(client, capsys) -> None:
    client.refuses = error("bind source path does not exist:\n /x")
    assert main(CHECK) == 2
    line = only_error(capsys)
    assert line.startswith("error: nnactive-benchmark:latest: Docker can't start it: bind source")
    assert client.calls[-1] == "remove one"


def test_gpus_that_the_engine_can_not_give_have_a_way_out(client, capsys, monkeypatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    client.refuses = error("could not select device driver with capabilities: [[gpu]]")
    assert main(["submit", "random", "--runtime", "docker"]) == 2
    assert only_error(capsys).endswith(
        "install NVIDIA's container toolkit, or set CUDA_VISIBLE_DEVICES= to run on the CPU"
    )


@pytest.mark.parametrize("allowed", ["", "-1"])
def test_no_gpu_is_asked_for_where_none_is_allowed(allowed, client, monkeypatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", allowed)
    assert main(["submit", "random", "--runtime", "docker"]) == 0
    (made,) = client.created
    assert not made["host_config"].get("DeviceRequests")
    assert made["environment"]["CUDA_VISIBLE_DEVICES"] == ""


def test_too_little_memory_is_told(client, capsys) -> None:
    client.status, client.killed_for_memory, client.err = 137, True, []
    assert main(CHECK) == 2
    assert "--memory" in only_error(capsys)


@pytest.mark.parametrize("problem", [error("gone"), requests.ConnectionError("gone")])
def test_an_engine_that_fails_meanwhile_is_a_failure(problem, client, capsys) -> None:
    client.waits, client.err = problem, []
    assert main(CHECK) == 1
    assert only_error(capsys).endswith("the engine failed: gone; run the same command to continue")


def test_no_engine_is_one_line(monkeypatch, tmp_path, capsys) -> None:
    place = f"unix://{tmp_path}/none.sock"
    monkeypatch.setenv("DOCKER_HOST", place)
    assert main(CHECK) == 2
    line = only_error(capsys)
    assert line.startswith(f"error: no Docker engine answers at {place} (")
    assert "No such file or directory" in line
    assert "podman system service" in line


def test_no_such_image_is_one_line(client, capsys) -> None:
    assert main([*CHECK, "--image", "absent"]) == 2
    assert only_error(capsys).startswith("error: absent: no such image here; build it: make image")
    client.labels = {}
    assert main([*CHECK, "--image", "debian"]) == 2
    assert only_error(capsys).startswith("error: debian: isn't a benchmark image")
    assert not client.created


@pytest.mark.parametrize("name", ["a,src=/etc", 'a"b', "a\nb"])
def test_a_folders_name_mounts_no_other_folder(name, client, capsys) -> None:
    command = ["submit", "random", "--runs", name, "--runtime", "docker"]
    assert main(command) == 0
    assert len(client.created) == 1
    client.components = [{"Name": "Podman Engine"}]
    assert main(command) == 2
    (line,) = [each for each in capsys.readouterr().err.splitlines() if "error: " in each]
    assert "Podman can't mount a path with commas, quotes or line breaks" in line
    assert len(client.created) == 1


def test_containers_with_gpus_share_their_locks_and_kernels(
    client, monkeypatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setenv("NNACTIVE_CACHE", str(tmp_path / "cache"))
    main(["submit", "random", "--runtime", "docker"])
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    main(["submit", "random", "--runtime", "docker"])
    with_gpu, without = client.created
    (locks,) = [m for m in with_gpu["host_config"]["Mounts"] if m["Target"] == "/locks"]
    assert (locks["Source"], locks["ReadOnly"]) == (str(gpu_locks()), False)
    assert with_gpu["environment"]["NNACTIVE_LOCKS"] == "/locks"
    (cache,) = [m for m in with_gpu["host_config"]["Mounts"] if m["Target"] == "/cache"]
    assert (cache["Source"], cache["ReadOnly"]) == (str(tmp_path / "cache" / "containers"), False)
    assert with_gpu["environment"]["NNACTIVE_CACHE"] == "/cache"
    assert "NNACTIVE_CACHE" not in without["environment"]
    assert not [m for m in without["host_config"]["Mounts"] if m["Target"] == "/locks"]


def test_the_nodes_scratch_is_the_containers_too(client, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NNACTIVE_SCRATCH", str(tmp_path))
    main(["submit", "random", "--runtime", "docker"])
    monkeypatch.setenv("NNACTIVE_SCRATCH", str(tmp_path / "absent"))
    main(["submit", "random", "--runtime", "docker"])
    there, absent = client.created
    (scratch,) = [m for m in there["host_config"]["Mounts"] if m["Target"] == "/node"]
    assert (scratch["Source"], scratch["ReadOnly"]) == (str(tmp_path), False)
    assert there["environment"]["NNACTIVE_SCRATCH"] == "/node"
    assert "NNACTIVE_SCRATCH" not in absent["environment"]
