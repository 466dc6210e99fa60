import pytest

from benchmark.machine.memory import shared_memory_finding, shared_memory_size

MIB = 1 << 20


@pytest.mark.parametrize(
    ("total", "gpu", "state"),
    [
        (64 * MIB, True, "FAILED"),
        (64 * MIB, False, "note"),
        (1024 * MIB, True, "ok"),
        (1024 * MIB, False, "ok"),
        (8 * MIB, False, "FAILED"),
        (0, False, "FAILED"),
        (None, False, "FAILED"),
    ],
)
def test_too_little_is_told_with_the_flag(total, gpu, state) -> None:
    finding = shared_memory_finding(total, gpu=gpu)
    assert finding.state == state
    flag = "add --shm-size=8g (Docker, Podman); Apptainer's is the machine's"
    assert finding.detail.endswith(flag) == (state != "ok")


def test_the_size_is_that_of_the_file_system(tmp_path) -> None:
    assert shared_memory_size(tmp_path / "none") is None
    assert (shared_memory_size(tmp_path) or 0) > MIB
