"""What a job's supervisor is asked to do, as the options of its command line."""

import argparse
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nnactive.settings import Limits

DEFAULT_WRITER: Final = "run"


@dataclass(frozen=True)
class Order:
    """One job to run; paths are absolute, or relative to the track's folder."""

    command: tuple[str, ...]
    output: Path
    """Exists once the job is done."""
    log: Path
    step: str = "job"
    """Name of its step."""
    key: str = ""
    """Name of the job in a failure."""
    loop: int = 0
    threads: int = 1
    """Threads of numeric libraries."""
    gpus: tuple[str, ...] = ()
    """Those of which it gets one; none: it needs none."""
    slots: int = 1
    """Jobs that may share a GPU."""
    writer: str = DEFAULT_WRITER
    """The journal's."""
    limits: Limits | None = None
    """Those of a step that runs a method: its death is a failed row. None: another step."""

    def options(self) -> str:
        """The options that `parse` reads, quoted for the shell, without the command."""
        words = ["--output", str(self.output), "--log", str(self.log), "--step", self.step]
        words += ["--key", self.key or self.step, "--loop", str(self.loop)]
        words += ["--threads", str(self.threads), "--writer", self.writer]
        if self.gpus:
            words += ["--gpus", ",".join(self.gpus), "--slots", str(self.slots)]
        if self.limits is not None:
            words += ["--limits", self.limits.model_dump_json()]
        return shlex.join(words)


def parse(arguments: Sequence[str] | None = None) -> Order:
    """The order in a command line: ``--output FILE --log FILE [options] -- COMMAND ...``."""
    parser = argparse.ArgumentParser(description="Run one job of a workflow.")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--step", default="job")
    parser.add_argument("--key", default="")
    parser.add_argument("--loop", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--gpus", default="")
    parser.add_argument("--slots", type=int, default=1)
    parser.add_argument("--writer", default=DEFAULT_WRITER)
    parser.add_argument("--limits", type=Limits.model_validate_json, default=None)
    parser.add_argument("command", nargs="+")
    fields = vars(parser.parse_args(arguments))
    gpus = tuple(gpu for gpu in fields.pop("gpus").split(",") if gpu)
    return Order(**{**fields, "gpus": gpus, "command": tuple(fields["command"])})
