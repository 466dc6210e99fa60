"""Supervise one job in this process, where no server of a run does.

``python -m benchmark.execution.job --output FILE --log FILE [options] -- COMMAND ...``
"""

import os
import signal
import sys
from collections.abc import Sequence

from benchmark.execution.child_processes import die_with_parent
from benchmark.execution.order import parse
from benchmark.execution.supervisor import supervise
from benchmark.execution.warm.client import ENGINE


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the job that the arguments describe; returns its exit status."""
    order = parse(arguments)
    engine = os.environ.get(ENGINE)
    die_with_parent(signal.SIGTERM, int(engine) if engine else None)
    return supervise(order)


if __name__ == "__main__":
    sys.exit(main())
