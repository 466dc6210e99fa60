"""How the command line reports errors: one line and an exit code."""

import errno
import os
import shutil
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import click

from benchmark.child_errors import error_line
from benchmark.execution.log import SIGNALLED
from nnactive.errors import FULL, REFUSED, NnactiveError, UserError, check_name, refusal

ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)
"""End a command as Ctrl-C does; schedulers send them before a time limit or preemption."""
SECONDS_TO_REPEAT = 0.05
"""Until a signal that Python dropped is sent again."""
FULL_TEXTS = ("No space left on device", "PytorchStreamWriter failed writing")
"""What libraries that don't raise OSError write when the disk is full."""
VARIABLES = "NNACTIVE_"
"""Beginning of the names of the variables that are read, most of which are paths."""
DEBUG = "NNACTIVE_DEBUG"
"""Environment variable; if set and not empty, tracebacks are shown. ``--debug`` sets it."""


class Ended(KeyboardInterrupt):
    """A signal asks the command to end, as Ctrl-C does."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


def guarded(command: click.Command, arguments: Sequence[str] | None, name: str) -> int:
    """Run a command; every error becomes one line on stderr.

    Returns:
        Exit code. 0: success; 1: failure; 2: the user's mistake, or a full disk; 128 + n: ended by
        signal n, which is 2 for Ctrl-C.
    """
    given = sys.argv[1:] if arguments is None else arguments
    try:
        _check_names(given)
        # A step ends at once, or saves by a handler of its own.
        with nullcontext() if list(given[:1]) == ["step"] else ending_signals():
            status = command.main(args=arguments, prog_name=name, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort) as error:
        ended = error.__cause__ if isinstance(error, click.Abort) else error
        number = ended.number if isinstance(ended, Ended) else signal.SIGINT
        how = f"ended by {ended}" if isinstance(ended, Ended) else "interrupted"
        # The terminal or pipe may be gone, as after SIGHUP.
        with suppress(OSError):
            click.echo(f"{how}; run the same command to continue", err=True)
        return SIGNALLED + number
    except Exception as error:  # noqa: BLE001  (nothing above turns it into one line)
        status = report(error)
    return int(status or 0)


@contextmanager
def ending_signals() -> Iterator[None]:
    """Raise `Ended` at the first SIGTERM, SIGHUP or SIGUSR1 of the block; later ones do nothing.

    A scheduler signals all processes of a job, and a container passes on another signal at once:
    neither disturbs what the first one made the command do, such as waiting until its jobs have
    saved. Only a second Ctrl-C does. Only in the main thread; a signal that is ignored, as under
    nohup, stays so. Where Python drops the exception, as in a destructor, the signal is sent again.
    """

    def end(number: int, _frame: FrameType | None) -> NoReturn:
        for each in before:
            # Not SIG_IGN, which programs started from now on would inherit.
            signal.signal(each, lambda *_: None)
        if number == signal.SIGINT:
            signal.signal(number, signal.default_int_handler)
            raise KeyboardInterrupt
        raise Ended(number)

    def again(dropped: Any) -> None:
        if not isinstance(dropped.exc_value, KeyboardInterrupt):
            hook(dropped)
            return
        for each in before:
            signal.signal(each, end)
        number = dropped.exc_value.number if isinstance(dropped.exc_value, Ended) else signal.SIGINT
        # By a thread, later: here, it would be dropped again.
        threading.Timer(SECONDS_TO_REPEAT, os.kill, (os.getpid(), number)).start()

    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        found = {number: signal.getsignal(number) for number in (*ENDING, signal.SIGINT)}
        before = {n: h for n, h in found.items() if h not in {None, signal.SIG_IGN}}
    hook = sys.unraisablehook
    for number in before:
        signal.signal(number, end)
    sys.unraisablehook = again
    try:
        yield
    finally:
        sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, handler)


def _check_names(arguments: Sequence[str]) -> None:
    """Check the arguments, our variables and the current folder with ``check_name``.

    Raises:
        UserError: one isn't in UTF-8, or an argument is empty, which as a path were this folder.
    """
    for argument in arguments:
        if not argument or (argument.startswith("--") and argument.endswith("=")):
            name = argument[:-1] or "an argument"
            raise UserError(f"{name} is empty, perhaps from an unset variable; give a value")
    with suppress(FileNotFoundError):  # the current folder may have been removed
        arguments = [*arguments, str(Path.cwd())]
    ours = [value for name, value in os.environ.items() if name.startswith(VARIABLES)]
    for name in (*arguments, *ours):
        check_name(name)


def report(error: Exception) -> int:
    """Print an error as one line on stderr; returns the exit code."""
    if os.environ.get(DEBUG):
        traceback.print_exception(error)
    text, status = explain(error)
    click.echo(error_line(text), err=True)
    return status


def explain(error: Exception) -> tuple[str, int]:
    """One line on an error, and its exit code."""
    if isinstance(error, NnactiveError):
        return " ".join(str(error).split()), error.exit_code
    full = next((cause for cause in _causes(error) if _is_full(cause)), None)
    if full is not None:
        place = getattr(full, "filename", None) or "while writing"
        line = f"disk full: {place}; free some space and run the same command again"
        return line, UserError.exit_code
    if isinstance(error, OSError) and (error.errno in REFUSED or _is_not_on_disk(error)):
        return refusal(error, "while writing"), UserError.exit_code
    cause = " ".join(str(error).split())
    hint = "" if os.environ.get(DEBUG) else "; add --debug for the traceback"
    return f"unexpected {type(error).__name__}: {cause}{hint}", NnactiveError.exit_code


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _is_not_on_disk(error: OSError) -> bool:
    """Whether a path can't be created because it is on a virtual file system such as /proc."""
    if error.errno != errno.ENOENT or not error.filename:
        return False
    there = next(path for path in Path(error.filename).absolute().parents if path.is_dir())
    return shutil.disk_usage(there).total == 0


def _is_full(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in FULL:
        return True
    return any(text in str(error) for text in FULL_TEXTS)
