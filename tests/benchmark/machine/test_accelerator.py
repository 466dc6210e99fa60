"""Findings on driver, CUDA, GPUs and compiler."""

import pytest

from benchmark.machine.accelerator import (
    compiler_finding,
    driver_finding,
    gpu_finding,
    no_gpu,
    toolkit_finding,
)
from benchmark.machine.findings import Finding
from benchmark.machine.gpus import Driver, Gpu

H100 = Gpu("0", name="NVIDIA H100", memory=81559 << 20)
OTHER_IMAGE = "or use the image with CUDA 12 (make image VARIANT=cuda12)"


def test_a_driver_that_gives_no_answer_is_a_note() -> None:
    finding = driver_finding(Driver(None, (), "nvidia-smi: NVIDIA-SMI has failed"), "13.0")
    assert finding == Finding("driver", "note", "none: nvidia-smi: NVIDIA-SMI has failed")


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
    assert driver_finding(Driver(driver), toolkit) == Finding("driver", state, words)


def test_gpus_are_told_by_name_and_memory() -> None:
    finding = gpu_finding([H100, Gpu("1", name="NVIDIA GB10")], "", torch_can=True)
    assert finding == Finding("GPUs", "ok", "NVIDIA H100 (79.6 GiB), NVIDIA GB10")


def test_torch_and_the_driver_must_agree() -> None:
    assert gpu_finding([H100], "", torch_can=False).state == "FAILED"
    hidden = gpu_finding([], "none", torch_can=True)
    assert hidden.state == "FAILED"
    assert "NVIDIA_DRIVER_CAPABILITIES=compute,utility" in hidden.detail
    assert gpu_finding([], "none", torch_can=None) == Finding("GPUs", "note", "none")


def test_a_run_on_the_cpu_says_why() -> None:
    flags = "; if this machine has one, add --gpus all (Docker) or --nv (Apptainer)"
    none = "none found: runs on the CPU"
    assert no_gpu([], [], toolkit="13.0", inside=False) == none
    assert no_gpu([], [], toolkit="13.0", inside=True) == none + flags
    assert no_gpu([], [], toolkit=None, inside=True) == none
    assert no_gpu([], [H100], toolkit=None, inside=True) == none
    assert "without CUDA" in no_gpu([H100], [], toolkit=None, inside=True)
    assert "CUDA_VISIBLE_DEVICES allows none" in no_gpu([H100], [], toolkit="13.0", inside=True)
    unchecked = "nvidia-smi lists none, so CUDA_VISIBLE_DEVICES=2,3 can't be checked"
    named = [Gpu("2", 2), Gpu("3", 3)]
    assert no_gpu([], named, toolkit="13.0", inside=False) == unchecked
    assert no_gpu([], named, toolkit="13.0", inside=True) == unchecked + flags


def test_torch_says_what_it_was_built_with() -> None:
    assert toolkit_finding("2.1", "13.0") == Finding("CUDA", "ok", "torch 2.1 with CUDA 13.0")
    assert toolkit_finding("2.1+cpu", None).state == "note"
    assert toolkit_finding(None, None).state == "FAILED"


def test_a_compiler_is_only_missed_beside_a_gpu() -> None:
    assert compiler_finding("/usr/bin/gcc", gpu=True).state == "ok"
    assert compiler_finding(None, gpu=False).state == "ok"
    missing = compiler_finding(None, gpu=True)
    assert missing.state == "note"
    assert (
        "run uncompiled, which is slower but gives the same results up to rounding"
        in missing.detail
    )
