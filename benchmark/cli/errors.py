"""How the command line reports errors: one line and an exit code."""

import errno
import os
import shutil
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import click

from benchmark.child_errors import error_line
from nnactive.errors import FULL, REFUSED, NnactiveError, UserError, check_name, refusal

INTERRUPTED = 130
FULL_TEXTS = ("No space left on device", "PytorchStreamWriter failed writing")
"""What libraries that don't raise OSError write when the disk is full."""
VARIABLES = "NNACTIVE_"
"""Beginning of the names of the variables that are read, most of which are paths."""
DEBUG = "NNACTIVE_DEBUG"
"""Environment variable; if set and not empty, tracebacks are shown. ``--debug`` sets it."""


def guarded(command: click.Command, arguments: Sequence[str] | None, name: str) -> int:
    """Run a command; every error becomes one line on stderr.

    Returns:
        Exit code. 0: success; 1: failure; 2: the user's mistake, or a full disk; 130: interrupted.
    """
    try:
        _check_names(sys.argv[1:] if arguments is None else arguments)
        status = command.main(args=arguments, prog_name=name, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted; run the same command to continue", err=True)
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  (nothing above turns it into one line)
        status = report(error)
    return int(status or 0)


def _check_names(arguments: Sequence[str]) -> None:
    """Check the arguments, our variables and the current folder with ``check_name``.

    Raises:
        UserError: one isn't in UTF-8, or an argument is empty, which as a path were this folder.
    """
    for argument in arguments:
        if not argument or (argument.startswith("--") and argument.endswith("=")):
            name = argument[:-1] or "an argument"
            raise UserError(f"{name} is empty, as if from a variable that isn't set; give a value")
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
