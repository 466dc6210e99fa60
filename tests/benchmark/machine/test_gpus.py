"""Which GPUs: one table for the doctor, the workflow and the results. ``nvidia-smi`` is a stand-in,
a script that prints an answer."""

import os
from pathlib import Path

import pytest

from benchmark.execution.gpu_locks import hold_gpu, job_gpus
from benchmark.machine import gpus
from benchmark.machine.gpus import NOT_FOUND, QUERY, Driver, Gpu, ask_driver, parse_answer, visible
from benchmark.machine.snapshot import this_machine
from benchmark.provenance import environment

A, B, C = (f"GPU-{digits}-d72c-4106-c12f-20bd9faed9f6" for digits in ("8932aa", "8932bb", "c0ffee"))
ANSWER = f"""580.65.06, 0, {A}, NVIDIA H100, 81559 MiB
580.65.06, 1, {B}, Tesla T4, 15360 MiB
580.65.06, 2, {C}, NVIDIA H100, 81559 MiB
"""
NAMES = ["NVIDIA H100", "Tesla T4", "NVIDIA H100"]
LISTED = parse_answer(ANSWER).gpus


@pytest.fixture
def nvidia_smi(tmp_path, monkeypatch):
    """Puts an ``nvidia-smi`` that gives an answer first on the PATH, and counts its calls."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(gpus, "toolkit_version", lambda: "13.0")
    monkeypatch.setattr("benchmark.machine.snapshot.toolkit_version", lambda: "13.0")

    def put(answer: str, status: int = 0) -> Path:
        script, calls = folder / "nvidia-smi", folder / "calls"
        calls.write_text("")
        script.write_text(f"#!/bin/sh\necho \"$*\" >> '{calls}'\necho '{answer}'\nexit {status}\n")
        script.chmod(0o755)
        return calls

    return put


def read_by_all() -> tuple[list[str], list[str], str | None]:
    """Names for the doctor, ids for the workflow's jobs, and the accelerator of results."""
    usable = [str(gpu.name) for gpu in this_machine().usable]
    return usable, list(job_gpus()), environment().accelerator


VALUES = {
    "unset": (None, [0, 1, 2], ["0", "1", "2"]),
    "empty": ("", [], []),
    "blank": ("  ", [], []),
    "one": ("1", [1], ["1"]),
    "in its order": ("2,0", [2, 0], ["2", "0"]),
    "with blanks": (" 2 , 1 ", [2, 1], ["2", "1"]),
    "none": ("-1", [], []),
    "up to a negative one": ("0,-1,1", [0], ["0"]),
    "absent": ("5", [], []),
    "up to an absent one": ("1,5,0", [1], ["1"]),
    "up to an empty one": ("1,,0", [1], ["1"]),
    "trailing comma": ("1,", [1], ["1"]),
    "repeated": ("0,1,0", [], []),
    "repeated otherwise written": ("1,01", [], []),
    "as strtoul reads": ("1gpu2,2x", [1, 2], ["1", "2"]),
    "words": ("all", [], []),
    "no digit of ASCII": ("²", [], []),
    "UUID": (B, [1], [B]),
    "UUIDs": (f"{C},{A}", [2, 0], [C, A]),
    "UUIDs with blanks": (f" {C}, {A} ", [2, 0], [C, A]),
    "abbreviated UUID": ("GPU-c0", [2], [C]),
    "ambiguous UUID": ("GPU-8932", [], []),
    "up to an ambiguous UUID": ("GPU-8932b,GPU-8,GPU-c", [1], [B]),
    "absent UUID": ("GPU-00", [], []),
    "repeated UUID": (f"{A},GPU-8932aa", [], []),
    "up to an index": (f"{A},1", [0], [A]),
    "up to a UUID": (f"1,{A}", [1], ["1"]),
}


@pytest.mark.parametrize("case", VALUES)
def test_all_readers_agree(case, nvidia_smi, monkeypatch) -> None:
    value, found, ids = VALUES[case]
    nvidia_smi(ANSWER)
    if value is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", value)
    names = [NAMES[index] for index in found]
    assert read_by_all() == (names, ids, ", ".join(names) or None)
    assert [(gpu.index, gpu.uuid, gpu.name) for gpu in visible(LISTED, value)] == [
        (index, (A, B, C)[index], NAMES[index]) for index in found
    ]


MIG = "MIG-c7384736-a75d-5afc-978f-d2f1294409fd"


@pytest.mark.parametrize(
    ("value", "name", "ids"),
    [
        (f"MIG-{B}/1/0", "MIG instance of Tesla T4", [f"MIG-{B}/1/0"]),
        (MIG, "MIG instance of NVIDIA H100 or Tesla T4", [MIG]),
    ],
)
def test_instances_of_a_partitioned_gpu_are_believed(
    value, name, ids, nvidia_smi, monkeypatch
) -> None:
    nvidia_smi(ANSWER)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", value)
    assert read_by_all() == ([name], ids, name)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", f"{value},MIG-other,{value}")
    assert read_by_all() == ([], [], None)
    # A process sees one instance; each job of a run gets its own.
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", f"{value},MIG-other,0")
    assert job_gpus() == (value, "MIG-other")


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        (None, []),
        ("", []),
        ("-1", []),
        ("2, 3", ["2", "3"]),
        ("0,-1,1", ["0"]),
        ("0,0", []),
        ("GPU-8932,GPU-c0", ["GPU-8932", "GPU-c0"]),
        ("GPU-8932,GPU-c0; rm x", ["GPU-8932"]),
        ("MIG-$HOME", []),
        (MIG, [MIG]),
    ],
)
@pytest.mark.parametrize("program", ["absent", "failing"])
def test_without_a_list_jobs_believe_the_variable_and_results_name_none(
    program, value, ids, nvidia_smi, monkeypatch, tmp_path
) -> None:
    if program == "failing":
        nvidia_smi("NVIDIA-SMI has failed", status=9)
    else:
        monkeypatch.setenv("PATH", str(tmp_path))
    if value is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", value)
    assert read_by_all() == ([], ids, None)
    told = this_machine().no_gpu
    assert ("can't be checked" in told) == bool(ids)
    assert all(each in told for each in ids)


def test_no_reader_takes_a_gpu_where_torch_has_no_cuda(nvidia_smi, monkeypatch) -> None:
    nvidia_smi(ANSWER)
    for module in ("gpus", "snapshot"):
        monkeypatch.setattr(f"benchmark.machine.{module}.toolkit_version", lambda: None)
    assert read_by_all() == ([], [], None)
    assert "without CUDA" in this_machine().no_gpu


def test_the_driver_is_asked_once(nvidia_smi) -> None:
    calls = nvidia_smi(ANSWER)
    assert ask_driver() == Driver("580.65.06", LISTED)
    assert LISTED[1] == Gpu("1", 1, B, "Tesla T4", 15360 << 20)
    assert calls.read_text().splitlines() == [" ".join(QUERY[1:])]
    this_machine()
    assert len(calls.read_text().splitlines()) == 2


def test_a_driver_that_gives_no_answer_says_why(nvidia_smi, tmp_path, monkeypatch) -> None:
    nvidia_smi("NVIDIA-SMI has failed: no driver", status=9)
    assert ask_driver() == Driver(None, (), "nvidia-smi: NVIDIA-SMI has failed: no driver")
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert ask_driver() == Driver(None, (), NOT_FOUND)


def test_a_gpu_whose_memory_is_not_told_is_a_gpu() -> None:
    (gpu,) = parse_answer(f"580.1, 0, {A}, NVIDIA GB10, [N/A]").gpus
    assert gpu == Gpu("0", 0, A, "NVIDIA GB10", None)


def test_a_lock_is_the_same_however_its_gpu_is_named(nvidia_smi, tmp_path) -> None:
    nvidia_smi(ANSWER)
    names = {A: ["0", A, "GPU-8932a"], B: ["1", B, "GPU-8932b"]}
    for uuid, ids in names.items():
        folder = tmp_path / uuid
        for gpu in ids:
            with hold_gpu([gpu], folder) as held:
                assert held == gpu
        assert [file.name for file in folder.iterdir()] == [f"gpu_{uuid}.lock"]
    with hold_gpu([f"MIG-{A}/1/0"], tmp_path / "mig"):
        assert [file.name for file in (tmp_path / "mig").iterdir()] == [f"gpu_MIG-{A}_1_0.lock"]


def test_odd_answers_of_the_driver_are_read(nvidia_smi) -> None:
    nvidia_smi(f"580.65.06, 0, {A}, RTX 6000, Ada, 49140 MiB")
    (gpu,) = ask_driver().gpus
    assert (gpu.name, gpu.memory) == ("RTX 6000, Ada", 49140 << 20)
    nvidia_smi("580.65.06, 0, [N/A], Tesla T4, 15360 MiB\n580.65.06, 1, [N/A], Tesla T4, 1 MiB")
    assert [gpu.uuid for gpu in ask_driver().gpus] == [None, None]
    nvidia_smi("580.65.06, 0, GPU-1, Tesla \\0377, 15360 MiB")
    assert len(ask_driver().gpus) == 1
    assert visible(LISTED, "9" * 5000) == ()
