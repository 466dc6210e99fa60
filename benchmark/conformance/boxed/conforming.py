"""The checks of a METHOD, run in a box."""

from functools import partial
from pathlib import Path

from benchmark.boxed.question import how, reads_of
from benchmark.firewall.box import Box
from benchmark.firewall.run import run_boxed
from benchmark.firewall.ways import best_way
from benchmark.submission.method_string import Method
from nnactive.errors import NnactiveError


def conform(method: Method, out: Path, *, answers: bool) -> None:
    """Check a METHOD on synthetic pools, or only query them; what it says is in ``out``.

    Raises:
        NnactiveError: says how its process ended, if not well.
    """
    out.mkdir(parents=True, exist_ok=True)
    box = Box(reads=reads_of(method), writes=(out.resolve(),))
    ended = run_boxed(box, partial(_judge, method, out.resolve(), answers=answers), best_way())
    if ended.code:
        raise NnactiveError(how(ended))


def _judge(method: Method, out: Path, *, answers: bool) -> None:
    from benchmark.conformance.boxed.child import answer, judge

    (answer if answers else judge)(method, out)
