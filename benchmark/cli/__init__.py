"""The command line; the only place that prints."""

import sys
from types import TracebackType


def _excepthook(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Ctrl-C before `guarded` is reached, while modules are imported, is one line, too."""
    if issubclass(kind, KeyboardInterrupt):
        sys.stderr.write("interrupted; run the same command to continue\n")
    else:
        sys.__excepthook__(kind, error, trace)


if sys.excepthook is sys.__excepthook__:
    sys.excepthook = _excepthook
