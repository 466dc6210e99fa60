"""What runs in a method's process: the author's code, and nothing that shows it a label."""

import os
import signal
import tempfile
import threading
import time
import traceback
from dataclasses import dataclass, replace
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING

from pydantic import BaseModel

from benchmark.replay.answers import NO_STATE, Ask, Choice, Failure, Go, Introduction, Progress
from benchmark.replay.shared import SharedPredictions
from nnactive.errors import MethodError, NnactiveError, described
from nnactive.io.queries import record

if TYPE_CHECKING:
    from nnactive.methods import QueryMethod
    from nnactive.steps.query import QueryInputs


def answer(ask: Ask, connection: Connection) -> None:
    """Introduce a method, wait for the signal, query, say what was chosen; then write its scores.

    What it prints goes to the log.
    """
    os.setsid()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    output = os.open(ask.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(output, 1)
    os.dup2(output, 2)
    # A process that is forked removes nothing at its end; the parent removes this folder.
    tempfile.tempdir = str(ask.log.parent)
    line = _Line(connection)
    try:
        _answer(ask, line)
    except (Exception, SystemExit) as error:  # noqa: BLE001  (the author's code may raise anything)
        text = str(error) if isinstance(error, NnactiveError) else described(error)
        line.say(Failure(reason=" ".join(text.split()), traceback=traceback.format_exc()))


def _end_with_parent() -> None:
    """Kill this process and those that it started when the command ends, even by ``kill -9``."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os.killpg(0, signal.SIGKILL)


@dataclass(frozen=True)
class _Line:
    """The connection to the parent; messages are JSON, as the parent runs no author's code."""

    connection: Connection

    def say(self, message: BaseModel) -> None:
        text = f"{type(message).__name__} {message.model_dump_json()}"
        self.connection.send_bytes(text.encode())

    def hear(self) -> Go:
        return Go.model_validate_json(self.connection.recv_bytes())


def _answer(ask: Ask, line: _Line) -> None:
    from nnactive.devices import CPU, is_gpu, pick_device
    from nnactive.steps.query import choose, open_pool

    introduction, method = _made(ask)
    line.say(introduction)
    go = line.hear()
    inputs = _inputs(ask, method, introduction.id)
    shared = SharedPredictions(go.shared, go.wanted)
    device = pick_device(ask.device) if method.needs else CPU
    begin = time.monotonic()
    pool = open_pool(
        inputs,
        device,
        workers=1 if is_gpu(device) else ask.workers,  # a GPU's are for the query step to choose
        progress=lambda done, total: line.say(Progress(done=done, total=total)),
        share=shared.before,
    )
    state = pool.sources.state
    try:
        chosen = choose(inputs, pool)
    except MethodError as error:
        if inputs.loop > 1 and state.missed:
            raise MethodError(f"{error}; {NO_STATE}") from error
        raise
    line.say(
        Choice(
            seconds=round(time.monotonic() - begin, 3),
            predicted=shared.computed,
            patches=record(chosen),
            stateless=inputs.loop > 1 and state.missed,
        )
    )
    if ask.pictures:
        from benchmark.replay.scores import write_scores

        # Another object, so that nothing the query left on the first one shows.
        silent = replace(pool, sources=replace(pool.sources, progress=None)).view()
        write_scores(_made(ask)[1], silent, chosen[: ask.pictures], ask.scores)


def _made(ask: Ask) -> "tuple[Introduction, QueryMethod]":
    from benchmark.results import MethodRecord
    from benchmark.submission.method_class import as_query
    from benchmark.submission.spec import MethodSpec, load_method, make
    from nnactive.io.files import read_model

    record_: MethodRecord
    if ask.spec:
        record_, method = read_model(ask.spec, MethodSpec).record, load_method(ask.spec)
    else:
        spec, made = make(ask.method)
        record_, method = spec.record, as_query(made, ask.method.string)
    needs = frozenset(str(need) for need in method.needs)
    said = Introduction(id=record_.id, name=record_.name, oracle=record_.oracle, needs=needs)
    return said, method


def _inputs(ask: Ask, method: "QueryMethod", method_id: str) -> "QueryInputs":
    inputs = ask.moment.inputs(method, method_id)
    past = tuple(replace(each, train=ask.trains[each.train]) for each in inputs.past)
    return replace(inputs, train=ask.trains[inputs.train], past=past)
