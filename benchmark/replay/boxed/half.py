"""The trusted half of a method's process: starts its boxes, and says what can be believed."""

import os
import signal
import tempfile
import threading
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from benchmark.boxed.apart import apart
from benchmark.boxed.question import ask as ask_boxed
from benchmark.boxed.question import how, reads_of
from benchmark.boxed.sees import loops_of, method_of, pool_of, training_of
from benchmark.firewall.box import Box
from benchmark.firewall.run import run_boxed
from benchmark.firewall.ways import best_way
from benchmark.replay.answers import Ask, Failure, Go, Introduction
from benchmark.replay.boxed.believed import choice_of, failure_of, keep_scores
from benchmark.replay.boxed.inside import Needs, inputs_of, needs_of, query, teller
from benchmark.replay.find import check_members
from benchmark.replay.shared import SharedPredictions
from nnactive.errors import NnactiveError, UserError, described
from nnactive.io.queries import load_patches
from nnactive.query.prediction import Need

if TYPE_CHECKING:
    from benchmark.submission.spec import MethodSpec
    from nnactive.steps.pool_files import PoolFacts


def answer(ask: Ask, connection: Connection) -> None:
    """Introduce a method, wait for the signal, have it query, say what was chosen.

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
    except (Exception, SystemExit) as error:  # noqa: BLE001  (whatever it is, the others go on)
        text = str(error) if isinstance(error, NnactiveError) else described(error)
        trace = getattr(error, "trace", "") or traceback.format_exc()
        line.say(Failure(reason=" ".join(text.split()), traceback=trace))


def predict(ask: Ask, go: Go) -> None:
    """Store what the ensemble predicts for all images, with the benchmark's own code alone."""
    from benchmark.submission.method_class import builtin_class
    from nnactive.data.prepared import PreparedDataset
    from nnactive.devices import pick_device
    from nnactive.steps.query import open_pool

    os.setsid()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    shared = SharedPredictions(go.shared, go.wanted)
    cases = [case.id for case in PreparedDataset(ask.moment.data).info.pool]
    left = [case for case in cases if not shared.holds(case)]
    if not left:
        return
    method: Any = builtin_class("bald")()
    inputs = inputs_of(ask, method, "bald", None)
    pool = open_pool(inputs, pick_device(ask.device), share=shared.before)
    tell = teller(ask.folder)
    for done, case in enumerate(left, 1):
        pool.sources.predictor(case, go.wanted)
        tell(done, len(left))


def _end_with_parent() -> None:
    """Kill this process and those that it started when the command ends, even by ``kill -9``."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os.killpg(0, signal.SIGKILL)


@dataclass(frozen=True)
class _Line:
    """The connection to the parent."""

    connection: Connection

    def say(self, message: BaseModel) -> None:
        text = f"{type(message).__name__} {message.model_dump_json()}"
        self.connection.send_bytes(text.encode())

    def hear(self) -> Go:
        return Go.model_validate_json(self.connection.recv_bytes())


def _answer(ask: Ask, line: _Line) -> None:
    spec = _spec(ask)
    own = spec.record.origin == "builtin"
    if own:
        needs = needs_of(ask)
    else:
        needs = ask_boxed(Needs, ask.method, partial(needs_of, ask), _known(ask))
    if not needs.needs <= {str(each) for each in Need}:
        raise UserError(f"{ask.method.string}: `needs` contains something other than Need")
    record = spec.record
    line.say(Introduction(id=record.id, name=record.name, oracle=record.oracle, needs=needs.needs))
    go = line.hear()
    facts = apart(partial(_facts, ask.moment.data, labels=record.oracle))
    if own and record.oracle:
        query(ask, spec, go, facts, ask.folder)
    else:
        _boxed_query(ask, spec, go, facts, gpu=bool(needs.needs))
    before = load_patches(ask.moment.queries)
    choice = choice_of(ask.folder, before, facts, ask.moment.setting)
    line.say(choice)
    if ask.pictures:
        keep_scores(ask, choice, facts)


def _facts(data: Path, *, labels: bool) -> "PoolFacts":
    from nnactive.data.prepared import PreparedDataset
    from nnactive.steps.pool_files import facts_of

    return facts_of(PreparedDataset(data), labels=labels)


def _spec(ask: Ask) -> "MethodSpec":
    """What the method is; asked in a box if its author's code must tell."""
    from benchmark.boxed.describing import answer_of
    from benchmark.submission.spec import MethodSpec, describe
    from nnactive.io.files import read_model

    if ask.spec:
        return read_model(ask.spec, MethodSpec).later
    if ask.method.file is None:
        return describe(ask.method)
    found = answer_of(ask.method)
    if not isinstance(found, MethodSpec) or found.starts:
        raise UserError(f"{ask.method.string}: is a start method, which is never queried in a loop")
    return found


def _known(ask: Ask) -> tuple[Path, ...]:
    """The files that make the method, beside the installation."""
    return tuple(method_of(ask.spec.resolve())) if ask.spec else reads_of(ask.method)


def _boxed_query(ask: Ask, spec: "MethodSpec", go: Go, facts: "PoolFacts", *, gpu: bool) -> None:
    """Have the method query in a box; what it says is in the ask's folder.

    Raises:
        UserError: says how it failed.
    """
    scratch = ask.folder.with_name(f"{ask.folder.name}_scratch")
    for folder in (ask.folder, scratch):
        folder.mkdir(parents=True, exist_ok=True)
    box = Box(
        reads=tuple(dict.fromkeys(_reads(ask, spec, go, facts))),
        writes=(scratch, ask.folder),
        limits=ask.moment.setting.limits,
        gpu=gpu and ask.device != "cpu",
    )
    ended = run_boxed(box, partial(query, ask, spec, go, facts, ask.folder), best_way())
    if ended.code:
        failure = failure_of(ask.folder) if ended.returned else None
        raise _FailedError(failure or Failure(reason=how(ended)))


class _FailedError(UserError):
    """What a box told before it ended."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.trace = failure.traceback


def _reads(ask: Ask, spec: "MethodSpec", go: Go, facts: "PoolFacts") -> Iterator[Path]:
    moment = ask.moment
    yield from _known(ask)
    yield from loops_of(each.resolve() for each in moment.queries)
    yield from pool_of(moment.data.resolve(), facts, labels=spec.record.oracle)
    loops = range(1, moment.loop) if spec.looks_back else ()
    for each in (*(replace(moment, loop=loop) for loop in loops), moment):
        check_members(each)
        yield from training_of(ask.trains[each.train].resolve())
        yield from (member.resolve() for member in each.members)
    if go.shared is not None:
        yield go.shared.resolve()
