"""Wrong and hostile use of an image: one line that names the thing and the way out, exit code 2."""

import json
from pathlib import Path

import pytest

DEMO = ("submit", "random", "--track", "demo")
OLD_DRIVER = """#!/bin/sh
# Stands in for the program of a GPU's driver.
echo "535.54.03, 0, GPU-0, Stand-in GPU, 24576 MiB"
"""


def only_line(done) -> str:
    assert done.status == 2, (done.status, done.err)
    lines = [line for line in done.err.splitlines() if not line.startswith("GPU: ")]
    assert len(lines) == 1, lines
    assert lines[0].startswith("error: ")
    return lines[0]


def flag(runtime, docker: str, apptainer: str) -> str:
    return {"docker": docker, "apptainer": apptainer}[runtime.name]


@pytest.mark.parametrize("missing", ["/results", "/scratch"])
def test_a_mount_that_is_missing(runtime, mounts, missing):
    line = only_line(runtime.run(*DEMO, mounts={k: v for k, v in mounts.items() if k != missing}))
    assert missing in line
    assert flag(runtime, f"--volume DIR:{missing}", f"--bind DIR:{missing}") in line


@pytest.mark.parametrize("spoilt", ["/results", "/scratch"])
def test_a_mount_without_rights(runtime, mounts, spoilt):
    mounts[spoilt].chmod(0o755)
    line = only_line(runtime.run(*DEMO, mounts=mounts))
    assert spoilt in line
    assert str(runtime.uid) in line


def test_a_dataset_without_its_mount(runtime, mounts):
    line = only_line(
        runtime.run("submit", "random", "--track", "main", "--dataset", "acdc", mounts=mounts)
    )
    assert "/data" in line
    assert flag(runtime, "--volume DIR:/data:ro", "--bind DIR:/data:ro") in line


def test_an_old_driver(runtime, mounts, common, tmp_path):
    program = common / f"{tmp_path.name}-smi"
    program.write_text(OLD_DRIVER)
    program.chmod(0o755)
    inside = {**mounts, "/usr/bin/nvidia-smi:ro": program}
    line = only_line(runtime.run(*DEMO, mounts=inside))
    assert "535.54" in line
    assert "580" in line
    assert "cuda12" in line
    doctor = runtime.run("doctor", mounts=inside)
    assert doctor.status == 2
    assert "535.54" in next(row for row in doctor.out.splitlines() if row.startswith("driver"))


def test_no_shared_memory(docker, mounts):
    line = only_line(docker.run(*DEMO, mounts=mounts, flags=["--shm-size", "64k"]))
    assert "shm" in line
    assert "--shm-size" in line


def test_a_lock_that_disagrees(runtime, mounts, common, tmp_path):
    other = common / f"{tmp_path.name}.lock"
    other.write_text("numpy==1.0.0\n")
    inside = {**mounts, "/opt/benchmark/requirements.lock:ro": other}
    assert "lock" in only_line(runtime.run(*DEMO, mounts=inside))
    doctor = runtime.run("doctor", mounts=inside)
    assert doctor.status == 2
    assert "numpy" in next(row for row in doctor.out.splitlines() if row.startswith("versions"))


def test_another_protocol_cannot_go_on_with_a_run(runtime, mounts):
    root = mounts["/results"] / "demo"
    assert runtime.run("track", "show", "demo", mounts=mounts).status == 0
    # As an image of another protocol version leaves it.
    shown = runtime.run(
        "-P",
        "-c",
        "from benchmark.tracks import load_track; print(load_track('demo').model_dump_json())",
        program="/opt/benchmark/venv/bin/python",
    )
    track = {**json.loads(shown.out), "protocol_version": "0.9"}
    root.mkdir()
    root.chmod(0o777)
    (root / "track.json").write_text(json.dumps(track))
    line = only_line(runtime.run(*DEMO, mounts=mounts))
    assert "protocol_version" in line
    assert "0.9" in line


def test_doctor_and_check_are_content(runtime, mounts):
    doctor = runtime.run("doctor", mounts=mounts)
    assert doctor.status == 0, doctor.out + doctor.err
    rows = {row.split("  ")[0]: row for row in doctor.out.splitlines()}
    assert " ok " in rows["versions"]
    assert " ok " in rows["runs"]
    assert flag(runtime, "--gpus all", "--nv") in rows["GPUs"]
    method = Path(__file__).parents[2] / "examples" / "my_method.py"
    check = runtime.run(
        "check", "/my_method.py:MyMethod", mounts={**mounts, "/my_method.py:ro": method}
    )
    assert check.status == 0, check.out + check.err
    assert "FAILED" not in check.out
