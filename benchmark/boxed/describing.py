"""What a METHOD is, from its class: asked in a box."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.boxed.question import ask, shown
from benchmark.submission.method_string import Method
from nnactive.io.files import read_model

if TYPE_CHECKING:
    from pydantic import BaseModel

    from benchmark.feasibility.demands import Demands, Questions


def answer_of(method: Method, *, show: bool = False, questions: Path | None = None) -> "BaseModel":
    """The description of a METHOD, its help, or how it looks for patches in some pools.

    Args:
        method: the METHOD.
        show: whether its help is wanted.
        questions: file of the pools, if that is asked.

    Raises:
        UserError: one line with file and cause if this isn't a method that can run.
    """
    from benchmark.boxed.confirm import confirm
    from benchmark.feasibility.demands import Demands, Questions
    from benchmark.submission.method_help import MethodHelp, method_help
    from benchmark.submission.spec import MethodSpec, describe

    if questions:
        asked = read_model(questions, Questions)
        return ask(Demands, method, partial(_demands, method, asked))
    if show:
        told = ask(MethodHelp, method, partial(method_help, method))
        known = confirm(MethodSpec(record=told.record, entry=method.name), method)
        limits = {name: shown(text) for name, text in told.limits.items()}
        update = {"record": known.record, "text": shown(told.text), "limits": limits}
        return told.model_copy(update=update)
    return confirm(ask(MethodSpec, method, partial(describe, method)), method)


def _demands(method: Method, asked: "Questions") -> "Demands":
    from benchmark.feasibility.demands import demands_of
    from benchmark.submission.method_class import as_query
    from benchmark.submission.spec import make

    return demands_of(as_query(make(method)[1], method.string), asked)
