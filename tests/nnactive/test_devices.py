import re
import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest
import torch

from nnactive import devices
from nnactive.errors import UserError

ROOT = Path(__file__).parents[2]


def test_one_module_names_the_accelerator() -> None:
    files = [
        file
        for package in ("nnactive", "benchmark", "leaderboard")
        for file in (ROOT / package).rglob("*")
        if file.is_file() and file.suffix != ".pyc"
    ]
    # Names of images and packages, such as cuda13, don't count.
    naming = [file for file in files if re.search(rb"\bcuda\b", file.read_bytes())]
    assert naming == [Path(devices.__file__)]


def test_auto_is_the_gpu_if_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = "cuda"
    for usable, expected in ((False, "cpu"), (True, gpu)):
        monkeypatch.setattr(torch.cuda, "is_available", lambda usable=usable: usable)
        monkeypatch.setattr(torch.cuda, "device_count", lambda usable=usable: 2 * usable)
        assert devices.pick_device("auto") == expected
        assert devices.pick_device("cpu") == "cpu"
    assert devices.pick_device(f"{gpu}:1") == f"{gpu}:1"
    assert [devices.is_gpu(d) for d in ("cpu", gpu, f"{gpu}:1")] == [False, True, True]
    for wrong in (f"{gpu}:2", "tpu", ""):
        with pytest.raises(UserError, match=f"device '{wrong}'.*auto, cpu, {gpu}, {gpu}:0"):
            devices.pick_device(wrong)


def test_results_on_a_gpu_leave_room_for_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    class Properties:
        total_memory = 10 * 2**30

    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: Properties)
    assert devices.can_hold("cuda", 6 * 2**30)
    assert not devices.can_hold("cuda", 8 * 2**30)
    assert devices.can_hold("cpu", 8 * 2**30)


def test_torchs_cuda_version_is_found_without_torch() -> None:
    assert devices.toolkit_version() == torch.version.cuda
    script = (
        "import sys\nfrom nnactive.devices import toolkit_version\n"
        "toolkit_version()\nprint('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ("cuda: Optional[str] = '12.8'", "12.8"),
        ('cuda = "13.0"', "13.0"),
        ("cuda: Optional[str] = None", None),
        ("cuda_like = '1.0'", None),
    ],
)
def test_a_toolkits_version_is_read_from_torchs_file(line, version, tmp_path, monkeypatch) -> None:
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "version.py").write_text(f"__version__ = '2'\n{line}\nhip = None\n")
    spec = ModuleSpec("torch", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path / "torch")]
    monkeypatch.setattr(devices, "find_spec", lambda name: spec)
    assert devices.toolkit_version() == version


def test_a_compiler_counts_only_with_pythons_headers(tmp_path, monkeypatch) -> None:
    for name in ("gcc", "clang"):
        (tmp_path / name).touch(mode=0o755)
    (tmp_path / "Python.h").touch()
    monkeypatch.setattr(devices.sysconfig, "get_path", lambda *_: str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    assert devices.c_compiler() == str(tmp_path / "gcc")
    monkeypatch.setenv("CC", "no-such-compiler")
    assert devices.c_compiler() is None
    monkeypatch.delenv("CC")
    (tmp_path / "gcc").unlink()
    assert devices.c_compiler() == str(tmp_path / "clang")
    (tmp_path / "Python.h").unlink()
    assert devices.c_compiler() is None
