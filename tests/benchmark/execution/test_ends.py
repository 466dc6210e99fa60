"""How deaths are judged."""

import signal

import pytest

from benchmark.execution import limits as limits_module
from benchmark.execution.ends import Breach, Death, failure_kind, is_worth_a_try, judge, left
from benchmark.execution.limits import kills_for_memory, memory_limit
from nnactive.errors import MethodError
from nnactive.settings import Limits


@pytest.mark.parametrize(
    ("death", "event", "status", "kind"),
    [
        (Death(0, done=True), "ended", 0, None),
        # The output came in one move: what died after that is of no matter.
        (Death(-9, done=True, stopped=True), "ended", 0, None),
        (Death(2), "failed", 2, None),
        (Death(65), "failed", 65, None),
        (Death(75), "stopped", 75, None),
        (Death(-15, stopped=True), "stopped", 75, None),
        (Death(-9, stopped=True), "stopped", 75, None),
        (Death(75, returned=False), "failed", 1, "crash"),
        (Death(0, returned=False), "failed", 1, "crash"),
        (Death(0), "failed", 1, "crash"),
        (Death(-11), "failed", 139, "crash"),
        (Death(-9), "failed", 137, "killed"),
        (Death(-9, memory_ran_out=True), "failed", 137, "memory"),
        (Death(-9, breach=Breach("time", "t")), "failed", 124, "time"),
        (Death(-9, breach=Breach("memory", "t"), stopped=True), "failed", 1, "memory"),
    ],
)
def test_each_death_has_its_end(death, event, status, kind) -> None:
    end = judge(death)
    assert (end.event, end.status, end.kind) == (event, status, kind)


def test_only_what_came_from_outside_is_tried_again() -> None:
    assert [s for s in (1, 2, 124, 134, 139, 137, 143, None) if is_worth_a_try(s)] == [
        137,
        143,
        None,
    ]


def test_a_methods_error_has_a_class() -> None:
    def caused(cause: Exception | None) -> MethodError:
        error = MethodError("m")
        error.__cause__ = cause
        return error

    assert failure_kind(caused(None)) == "contract"
    assert failure_kind(caused(MethodError("the contract's"))) == "contract"
    assert failure_kind(caused(ValueError())) == "crash"
    assert failure_kind(caused(MemoryError())) == "memory"


def test_the_machine_has_a_limit_of_its_own(tmp_path, monkeypatch) -> None:
    assert memory_limit(Limits(memory_gib=2)) == 2**31
    (tmp_path / "memory.max").write_text("1000000\n")
    (tmp_path / "memory.events").write_text("low 0\noom 3\noom_kill 2\n")
    monkeypatch.setattr(limits_module, "CGROUPS", tmp_path)
    assert memory_limit(Limits()) == 950_000
    before = kills_for_memory()
    (tmp_path / "memory.events").write_text("low 0\noom 3\noom_kill 3\n")
    assert kills_for_memory() == before + 1


def test_signals_are_those_of_schedulers() -> None:
    assert is_worth_a_try(128 + signal.SIGUSR1)
    assert not is_worth_a_try(128 + signal.SIGILL)


def test_a_process_that_should_have_answered() -> None:
    assert left(3) == "its process exited with status 3"
    assert left(-11).startswith("its process was ended by signal 11 (")
    assert "may have run out of memory" in left(-9)
