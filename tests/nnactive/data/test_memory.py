import resource
from types import SimpleNamespace

import psutil
import pytest

from nnactive.data import memory

GIB = 1 << 30


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine with 8 GiB free and 2 GiB of swap, without limits."""
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=8 * GIB))
    monkeypatch.setattr(psutil, "swap_memory", lambda: SimpleNamespace(free=2 * GIB))
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    monkeypatch.setattr(resource, "getrlimit", lambda _: unlimited)
    monkeypatch.setattr(memory, "GROUPS", tmp_path)
    monkeypatch.setattr(memory, "OWN_GROUP", tmp_path / "cgroup")
    (tmp_path / "cgroup").write_text("0::/outer/inner\n")
    (tmp_path / "outer" / "inner").mkdir(parents=True)
    return tmp_path


def test_without_limits_it_is_the_machines(machine):
    assert memory.usable_memory() == 8 * GIB
    assert memory.usable_memory(swap=True) == 10 * GIB


def test_a_containers_limit_counts_without_its_cache(machine):
    group = machine / "outer"
    (group / "memory.max").write_text(f"{4 * GIB}\n")
    (group / "memory.current").write_text(f"{3 * GIB}\n")
    (group / "memory.stat").write_text(f"anon {GIB}\ninactive_file {2 * GIB}\n")
    (group / "inner" / "memory.max").write_text("max\n")
    assert memory.usable_memory(swap=True) == 3 * GIB


def test_a_limit_of_the_process_counts(machine, monkeypatch):
    used = psutil.Process().memory_info().vms
    monkeypatch.setattr(resource, "getrlimit", lambda _: (used + GIB, used + GIB))
    assert memory.usable_memory() == pytest.approx(GIB, rel=0.2)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1, 1))
    assert memory.usable_memory() == 0
