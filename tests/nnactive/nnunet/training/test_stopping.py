import multiprocessing
import os
import signal
import threading

import pytest

from nnactive.errors import NnactiveError, Stopped
from nnactive.nnunet.training.stopping import stoppable


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_a_signal_waits_while_there_is_something_to_save(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with stoppable() as stop:
        stop.nothing_to_save = False
        assert not stop.asked
        os.kill(os.getpid(), number)
        assert stop.asked
    assert signal.getsignal(number) is before


def test_else_it_ends_the_block_at_once_and_a_second_one_changes_nothing() -> None:
    reached = []

    def work() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            reached.append("after the signal")
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            reached.append("cleaned up")

    with pytest.raises(Stopped) as end, stoppable():
        work()
    assert reached == ["cleaned up"]
    assert isinstance(end.value, NnactiveError)
    assert end.value.exit_code == 75
    assert "\n" not in str(end.value)


def test_processes_that_load_data_ignore_it() -> None:
    """A scheduler signals all of a job's processes; a training needs them until it has saved."""

    def child() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        os._exit(7)

    with stoppable() as stop:
        process = multiprocessing.get_context("fork").Process(target=child)
        process.start()
        process.join()
        assert process.exitcode == 7
        assert not stop.asked


def test_in_another_thread_signals_are_left_alone() -> None:
    seen: list[object] = []

    def work() -> None:
        with stoppable() as stop:
            seen.append(stop.asked)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [False]
