from pathlib import Path

import pytest
import torch

from nnactive import devices
from nnactive.errors import UserError

ROOT = Path(__file__).parents[2]


def test_one_place_names_the_accelerator() -> None:
    files = [
        file
        for package in ("nnactive", "benchmark", "leaderboard")
        for file in (ROOT / package).rglob("*")
        if file.is_file() and file.suffix != ".pyc"
    ]
    naming = [file for file in files if b"cuda" in file.read_bytes()]
    assert naming == [Path(devices.__file__)]


def test_auto_is_the_gpu_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_gpu_holds_what_leaves_room_for_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    class Properties:
        total_memory = 10 * 2**30

    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: Properties)
    assert devices.can_hold("cuda", 6 * 2**30)
    assert not devices.can_hold("cuda", 8 * 2**30)
    assert devices.can_hold("cpu", 8 * 2**30)
