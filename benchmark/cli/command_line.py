"""The command line of a run as its results record it: without places of this machine."""

import re
from typing import Any, Final

import click
from click.core import ParameterSource

CHOSEN: Final = (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)
FOLDERS: Final = re.compile(r"(?<![\w.~/:-])(?:~[^/\s,:=]*|\.\.)?/(?:[^/\s,:=]+/)*")
"""The folders of an absolute path, or of one that leads upwards."""


def command_line(ctx: click.Context | None = None) -> str:
    """The command that runs now, with every option that was given, in the environment too.

    A folder or file that is named by an absolute path is called by its option: ``--data DATA``. Of
    a METHOD's path the last part is left.
    """
    import shlex

    ctx = ctx or click.get_current_context(silent=True)
    if ctx is None:
        return ""
    options: list[str] = []
    arguments: list[str] = []
    for param in ctx.command.params:
        name = str(param.name)
        value = ctx.params.get(name)
        if ctx.get_parameter_source(name) not in CHOSEN or value is None or value is False:
            continue
        values = list(value) if isinstance(value, tuple) else [value]
        shown = [without_places(param, each) for each in values]
        if not isinstance(param, click.Option):
            arguments += shown
        elif value is True:
            options.append(param.opts[-1])
        else:
            options += [word for each in shown for word in (param.opts[-1], each)]
    return shlex.join(["nnactive-bench", *ctx.command_path.split()[1:], *options, *arguments])


def without_places(param: click.Parameter, value: Any) -> str:
    """A value as text, without folders of this machine."""
    text = str(value)
    if isinstance(param.type, click.Path) and FOLDERS.match(text):
        return str(param.name).upper()
    return FOLDERS.sub("", text)
