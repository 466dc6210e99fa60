"""What the METHODs of a run need in the one image that runs them."""

from collections.abc import Sequence

from benchmark.submission.method_string import parse
from benchmark.submission.requirements import together
from benchmark.submission.spec import is_builtin, split


def wanted(methods: Sequence[str]) -> tuple[str, ...]:
    """What the sheets beside METHODs pin, each ``name==version``, sorted; no file is imported.

    Raises:
        UserError: if a METHOD names no file, a sheet is wrong, or two sheets contradict each other.
    """
    names = [parse(text, ())[0] for text in methods]
    return together([split(name)[0] for name in names if not is_builtin(name)])
