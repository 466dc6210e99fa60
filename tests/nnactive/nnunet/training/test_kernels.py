"""Where kernels are kept; the GPU is a stand-in, whose name alone counts."""

import os
from pathlib import Path

import pytest
import torch

from nnactive.nnunet.training import kernels
from nnactive.nnunet.training.folders import cache_folder
from nnactive.nnunet.training.kernels import kernel_variables, limit_compilers


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine with a GPU; the folder of caches."""
    monkeypatch.setattr(kernels, "is_gpu", lambda device: device == "gpu")
    monkeypatch.setattr(kernels, "gpu_name", lambda device: "NVIDIA A100-SXM4 40GB/MIG 1g")
    monkeypatch.delenv(kernels.INDUCTOR, raising=False)
    monkeypatch.setenv("NNACTIVE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_trainings_share_a_folder_of_torchs_version_and_the_gpu(gpu: Path) -> None:
    found = kernel_variables("gpu")
    folder = gpu / "kernels" / f"torch-{torch.__version__}-NVIDIA-A100-SXM4-40GB-MIG-1g"
    assert found == {
        "TORCHINDUCTOR_CACHE_DIR": str(folder / "inductor"),
        "TRITON_CACHE_DIR": str(folder / "triton"),
    }
    assert all(Path(each).is_dir() for each in found.values())
    assert kernel_variables("gpu") == found


def test_torch_compiles_into_it(gpu: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torch._inductor.runtime.cache_dir_utils import cache_dir

    for name, value in kernel_variables("gpu").items():
        monkeypatch.setenv(name, value)
    assert Path(cache_dir()).is_relative_to(gpu)


def test_what_the_user_chose_stays(gpu: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", "/somewhere")
    assert kernel_variables("gpu") == {}


def test_a_cpu_has_none_and_a_folder_that_cant_be_made_is_done_without(
    gpu: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kernel_variables("cpu") == {}
    assert not gpu.exists()
    gpu.write_text("a file")
    assert kernel_variables("gpu") == {}


def test_the_folder_of_caches_is_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NNACTIVE_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert cache_folder() == Path("/caches/nnactive")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert cache_folder() == Path("/home/somebody/.cache/nnactive")


def test_compiling_uses_the_jobs_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch._inductor.config as inductor

    monkeypatch.setattr(inductor, "compile_threads", os.cpu_count())
    limit_compilers(3)
    assert inductor.compile_threads == 3
