"""What runs in a method's box: the author's code, and nothing that shows it a label."""

import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel

from benchmark.boxed.question import MOST_CHARACTERS, MOST_OF_TRACE
from benchmark.replay.answers import NO_STATE, Ask, Choice, Failure, Go, Progress
from benchmark.replay.shared import SharedPredictions
from nnactive.errors import MethodError, NnactiveError, described
from nnactive.io.files import write_text
from nnactive.io.models import Frozen
from nnactive.io.queries import record

if TYPE_CHECKING:
    from benchmark.submission.spec import MethodSpec
    from nnactive.methods import QueryMethod
    from nnactive.steps.pool_files import PoolFacts
    from nnactive.steps.query import QueryInputs

CHOICE: Final = "choice.json"
FAILURE: Final = "failure.json"
PROGRESS: Final = "progress.json"
SCORES: Final = "scores"


class Needs(Frozen):
    """What a method's object asks for."""

    needs: frozenset[str]


def needs_of(ask: Ask) -> Needs:
    """What a method needs of the ensemble."""
    return Needs(needs=frozenset(str(need) for need in made(ask).needs))


def made(ask: Ask) -> "QueryMethod":
    """A new object of the method; runs the author's code.

    Raises:
        UserError: if there is none that can query.
    """
    from benchmark.submission.method_class import as_query
    from benchmark.submission.spec import load_method, make

    if ask.spec:
        return load_method(ask.spec)
    return as_query(make(ask.method)[1], ask.method.string)


def query(ask: Ask, spec: "MethodSpec", go: Go, facts: "PoolFacts", folder: Path) -> None:
    """Query, and write what was chosen to ``folder``, then the scores; or why nothing was."""
    tempfile.tempdir = None  # what this process's parent had doesn't exist here
    try:
        _query(ask, spec, go, facts, folder)
    except BaseException as error:
        text = str(error) if isinstance(error, NnactiveError) else described(error)
        trace = "".join(traceback.format_exception(error))[-MOST_OF_TRACE:]
        reason = " ".join(text.split())[:MOST_CHARACTERS]
        with suppress(ValueError):  # a lone surrogate can't be written
            _write(folder / FAILURE, Failure(reason=reason, traceback=trace))
        raise


def _query(ask: Ask, spec: "MethodSpec", go: Go, facts: "PoolFacts", folder: Path) -> None:
    from nnactive.devices import CPU, is_gpu, pick_device
    from nnactive.steps.query import choose, open_pool

    method = made(ask)
    inputs = inputs_of(ask, method, spec.record.id, facts)
    shared = SharedPredictions(go.shared, go.wanted)
    device = pick_device(ask.device) if method.needs else CPU
    begin = time.monotonic()
    pool = open_pool(
        inputs,
        device,
        workers=1 if is_gpu(device) else ask.workers,  # a GPU's are for the query step to choose
        progress=teller(folder),
        share=shared.before,
    )
    state = pool.sources.state
    try:
        chosen = choose(inputs, pool)
    except MethodError as error:
        if inputs.loop > 1 and state.missed:
            raise MethodError(f"{error}; {NO_STATE}") from error
        raise
    choice = Choice(
        seconds=round(time.monotonic() - begin, 3),
        predicted=shared.computed,
        patches=record(chosen),
        stateless=inputs.loop > 1 and state.missed,
    )
    _write(folder / CHOICE, choice)
    if ask.pictures:
        from benchmark.replay.scores import write_scores

        # Another object, so that nothing the query left on the first one shows.
        silent = replace(pool, sources=replace(pool.sources, progress=None)).view()
        write_scores(made(ask), silent, chosen[: ask.pictures], folder / SCORES)


def inputs_of(
    ask: Ask, method: "QueryMethod", method_id: str, facts: "PoolFacts | None"
) -> "QueryInputs":
    """What a method chooses from, with training folders whose links lead where the images are."""
    inputs = ask.moment.inputs(method, method_id)
    past = tuple(replace(each, train=ask.trains[each.train]) for each in inputs.past)
    return replace(inputs, train=ask.trains[inputs.train], past=past, facts=facts)


def teller(folder: Path) -> Callable[[int, int], None]:
    """Who writes down how far a query is."""
    return partial(_tell, folder / PROGRESS)


def _tell(file: Path, done: int, total: int) -> None:
    with suppress(OSError):
        _write(file, Progress(done=done, total=total))


def _write(file: Path, model: BaseModel) -> None:
    write_text(file, model.model_dump_json())
