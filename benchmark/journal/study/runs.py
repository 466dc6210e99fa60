"""The runs and shards that are at work in a track's folder, and ending them."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmark import layout
from benchmark.journal.study.overview import State
from benchmark.layout import Experiment, experiment_of
from nnactive.io.leases import Holder, living


@dataclass(frozen=True)
class LivingRun:
    """A run or shard that is at work."""

    writer: str
    holder: Holder
    experiments: frozenset[Experiment]
    """That it works on now."""

    @property
    def is_here(self) -> bool:
        """Whether its process is one of this machine's, as this process sees them."""
        here = Holder.here()
        return (self.holder.host, self.holder.boot) == (here.host, here.boot)

    def end(self) -> bool:
        """Ask it to end: it saves what runs; returns whether it was still there."""
        with suppress(ProcessLookupError):
            os.kill(self.holder.pid, signal.SIGTERM)
            return True
        return False


def living_runs(state: State) -> Iterator[LivingRun]:
    """The runs and shards at work, by their leases."""
    folder, kind = state.root / layout.journal_folder(), layout.run_lease("").name
    for file in sorted(folder.glob(f"*{kind}")):
        holder = living(file)
        if holder is None:
            continue
        writer = file.name.removesuffix(kind)
        works = {
            experiment
            for output, record in state.living.items()
            if record.writer == writer and (experiment := experiment_of(Path(output)))
        }
        yield LivingRun(writer, holder, frozenset(works))
