"""Asks methods one after the other, each through a process of its own, which may crash."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from benchmark.execution.ends import left
from benchmark.execution.fresh import THREAD_VARIABLES
from benchmark.replay.answers import Answer, Ask, Choice, Failure, Go, Introduction, Progress
from benchmark.replay.boxed.believed import progress_of
from benchmark.replay.boxed.half import answer, predict
from nnactive.query.prediction import FOLDED

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

PRELOADED = (
    "torch",
    "nnunetv2.inference.predict_from_raw_data",
    "nnactive.nnunet.predict.ensemble",
    "nnactive.methods",
    "nnactive.steps.query",
    "benchmark.replay.boxed.half",
    "benchmark.submission.spec",
)
"""Imported once; the methods' processes are forked from the one that did, before it uses them."""
QUIET = {"PYTHONWARNINGS": "ignore:resource_tracker"}
"""Else Python warns of what a killed process held, on the terminal."""
SECONDS_BETWEEN_LOOKS = 0.2
"""At how far a query is."""
MESSAGES: dict[str, type[BaseModel]] = {
    kind.__name__: kind for kind in (Introduction, Choice, Failure)
}

Watcher = Callable[[str, Progress], None]
"""Called with a METHOD and how far its query is."""
Plan = Callable[[Sequence[Introduction]], Go]
"""From what the methods are to how they are asked."""


def ask_all(asks: Sequence[Ask], plan: Plan, watcher: Watcher) -> list[Answer]:
    """The answers of several methods, in their order.

    One that can't be imported, raises or takes its process down has a failure; the others go on.

    Args:
        asks: the methods.
        plan: called once all are imported.
        watcher: called after each image.
    """
    with ExitStack() as stack:
        context = stack.enter_context(_server())
        talks = [stack.enter_context(_talk(context, ask)) for ask in asks]
        for talk in talks:
            talk.listen(Introduction, watcher)
        known = [talk.answer.introduction for talk in talks if talk.answer.introduction]
        go = plan(known)
        _predict(context, talks, go, watcher)
        for talk in talks:
            talk.go(go)
            talk.listen(Choice, watcher)
            talk.end()
        return [talk.answer for talk in talks]


@contextmanager
def _server() -> "Iterator[Any]":
    """A context whose processes have the libraries, each computing in one thread, as in a run."""
    wanted = {**dict.fromkeys(THREAD_VARIABLES, "1"), **QUIET}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(PRELOADED))
        yield context
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@dataclass
class _Talk:
    """The talk with one method's process."""

    process: Any
    connection: "Connection"
    ask: Ask
    answer: Answer = field(init=False)

    def __post_init__(self) -> None:
        self.answer = Answer(self.ask.method.string)

    def listen(self, until: type[BaseModel], watcher: Watcher) -> None:
        """Listen until a message of a kind, or a failure."""
        while self.answer.failure is None:
            message = self._hear()
            if isinstance(message, Failure):
                self.answer = replace(self.answer, failure=message)
            elif isinstance(message, Introduction):
                self.answer = replace(self.answer, introduction=message)
            elif isinstance(message, Choice):
                self.answer = replace(self.answer, choice=message)
            elif isinstance(message, Progress) and message.total:
                watcher(self.ask.method.string, message)
            if isinstance(message, until):
                return

    def go(self, signal_: Go) -> None:
        """Let the method query."""
        if self.answer.failure is None:
            with suppress(OSError):  # then listening tells
                self.connection.send_bytes(signal_.model_dump_json().encode())

    def end(self) -> None:
        """Wait for its scores."""
        if self.answer.failure is None:
            self.process.join()
            if self.ask.scores.is_dir():
                self.answer = replace(self.answer, scores=self.ask.scores)

    def _hear(self) -> BaseModel:
        ready = wait([self.connection, self.process.sentinel], SECONDS_BETWEEN_LOOKS)
        if not ready:
            return progress_of(self.ask.folder)
        if self.connection in ready:
            try:
                name, _, text = self.connection.recv_bytes().decode().partition(" ")
                return MESSAGES[name].model_validate_json(text)
            except (EOFError, OSError):
                self.process.join()
            except (KeyError, ValueError, ValidationError):
                return Failure(reason="its process wrote something other than an answer")
        return Failure(reason=_ended(self.process.exitcode))


def _predict(context: Any, talks: "Sequence[_Talk]", go: Go, watcher: Watcher) -> None:
    """Store the predictions that methods share, before any of them could spoil them.

    If that fails, each method predicts for itself, and tells why it can't.
    """
    first = next(
        (each for each in talks if (known := each.answer.introduction) and known.needs & FOLDED),
        None,
    )
    if first is None or go.shared is None:
        return
    process = context.Process(target=predict, args=(first.ask, go), daemon=False)
    process.start()
    try:
        while not wait([process.sentinel], SECONDS_BETWEEN_LOOKS):
            progress = progress_of(first.ask.folder)
            if progress.total:
                watcher(first.ask.method.string, progress)
    finally:
        process.kill()
        process.join()


@contextmanager
def _talk(context: Any, ask: Ask) -> Iterator[_Talk]:
    here, there = context.Pipe()
    process = context.Process(target=answer, args=(ask, there), daemon=False)
    process.start()
    there.close()
    try:
        yield _Talk(process, here, ask)
    finally:
        here.close()
        # The whole group: the method may have started processes.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.join()


def _ended(status: int | None) -> str:
    """How a process ended too early, in one line."""
    return "its process is still there" if status is None else left(status)
