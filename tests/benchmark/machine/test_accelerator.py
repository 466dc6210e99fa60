"""Driver, GPUs and compiler. ``nvidia-smi`` is a stand-in: a script that prints an answer."""

import os
from pathlib import Path

import pytest

from benchmark.machine.compiler import compiler_finding
from benchmark.machine.driver import NOT_THERE, Driver, Gpu, ask_driver, driver_finding, understood
from benchmark.machine.gpus import allowed, gpu_finding, on_cpu, toolkit_finding

H100 = Gpu("NVIDIA H100", 81559 << 20)
OTHER_IMAGE = "or use the image with CUDA 12 (make image VARIANT=cuda12)"
OLD = Gpu("Tesla T4", 15360 << 20)


def stand_in_driver(folder: Path, monkeypatch: pytest.MonkeyPatch, answer: str, status=0) -> None:
    """Put an ``nvidia-smi`` that says ``answer`` first on the PATH."""
    script = folder / "nvidia-smi"
    script.write_text(f"#!/bin/sh\necho '{answer}'\nexit {status}\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_the_driver_is_asked_for_version_names_and_memory(tmp_path, monkeypatch) -> None:
    answer = "580.65.06, NVIDIA H100, 81559 MiB\n580.65.06, Tesla T4, 15360 MiB"
    stand_in_driver(tmp_path, monkeypatch, answer)
    assert ask_driver() == Driver("580.65.06", (H100, OLD))


def test_a_driver_that_gives_no_answer_says_why(tmp_path, monkeypatch) -> None:
    stand_in_driver(tmp_path, monkeypatch, "NVIDIA-SMI has failed: no driver", status=9)
    found = ask_driver()
    assert found == Driver(None, (), "nvidia-smi: NVIDIA-SMI has failed: no driver")
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert ask_driver() == Driver(None, (), NOT_THERE)
    finding = driver_finding(found, "13.0")
    assert finding.state == "note"
    assert "NVIDIA-SMI has failed" in finding.detail


def test_a_gpu_whose_memory_is_not_told_is_a_gpu() -> None:
    assert understood("580.1, NVIDIA GB10, [N/A]").gpus == (Gpu("NVIDIA GB10", None),)


@pytest.mark.parametrize(
    ("driver", "toolkit", "state", "words"),
    [
        ("580.65.06", "13.0", "ok", "driver 580.65.06; CUDA 13.0 needs 580 or newer"),
        ("525.60", "12.8", "ok", "driver 525.60; CUDA 12.8 needs 525 or newer"),
        (
            "535.54",
            "13.0",
            "FAILED",
            f"driver 535.54 is older than 580, which CUDA 13.0 needs; update it, {OTHER_IMAGE}",
        ),
        # The other image would not help.
        (
            "470.1",
            "13.0",
            "FAILED",
            "driver 470.1 is older than 580, which CUDA 13.0 needs; update it",
        ),
        (
            "520.1",
            "12.8",
            "FAILED",
            "driver 520.1 is older than 525, which CUDA 12.8 needs; update it",
        ),
        ("470.1", None, "ok", "driver 470.1"),
        ("700.1", "15.0", "ok", "driver 700.1"),
    ],
)
def test_the_driver_must_be_new_enough_for_torch(driver, toolkit, state, words) -> None:
    assert driver_finding(Driver(driver), toolkit) == ("driver", state, words)


@pytest.mark.parametrize(
    ("visible", "gpus"),
    [
        (None, (H100, OLD)),
        ("1", (OLD,)),
        ("1,0", (OLD, H100)),
        ("", ()),
        ("-1", ()),
        ("7", ()),
        ("0,-1,1", (H100,)),
        ("0,9,1", (H100,)),
        ("²", (H100, OLD)),
        ("GPU-8f1c", (H100, OLD)),
    ],
)
def test_gpus_that_are_hidden_are_not_used(visible, gpus) -> None:
    assert allowed([H100, OLD], visible) == gpus


def test_gpus_are_told_by_name_and_memory() -> None:
    finding = gpu_finding([H100, Gpu("NVIDIA GB10", None)], "", torch_can=True)
    assert finding == ("GPUs", "ok", "NVIDIA H100 (79.6 GiB), NVIDIA GB10")


def test_torch_and_the_driver_must_agree() -> None:
    assert gpu_finding([H100], "", torch_can=False).state == "FAILED"
    hidden = gpu_finding([], "none", torch_can=True)
    assert hidden.state == "FAILED"
    assert "NVIDIA_DRIVER_CAPABILITIES=compute,utility" in hidden.detail
    assert gpu_finding([], "none", torch_can=None) == ("GPUs", "note", "none")


def test_a_run_on_the_cpu_says_why() -> None:
    flags = "; if this machine has one, add --gpus all (Docker) or --nv (Apptainer)"
    none = "none found: runs on the CPU"
    assert on_cpu([], toolkit="13.0", inside=False) == none
    assert on_cpu([], toolkit="13.0", inside=True) == none + flags
    assert on_cpu([], toolkit=None, inside=True) == none
    assert "without CUDA" in on_cpu([H100], toolkit=None, inside=True)
    assert "CUDA_VISIBLE_DEVICES" in on_cpu([H100], toolkit="13.0", inside=True)


def test_torch_says_what_it_was_built_with() -> None:
    assert toolkit_finding("2.1", "13.0") == ("CUDA", "ok", "torch 2.1 with CUDA 13.0")
    assert toolkit_finding("2.1+cpu", None).state == "note"
    assert toolkit_finding(None, None).state == "FAILED"


def test_a_compiler_is_only_missed_beside_a_gpu() -> None:
    assert compiler_finding("/usr/bin/gcc", gpu=True).state == "ok"
    assert compiler_finding(None, gpu=False).state == "ok"
    missing = compiler_finding(None, gpu=True)
    assert missing.state == "note"
    assert "run uncompiled, which is slower, and the same but for rounding" in missing.detail
