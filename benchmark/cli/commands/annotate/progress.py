"""Progress of a project's jobs, in the words of the person who labels."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from benchmark.cli.progress import Words, shown

if TYPE_CHECKING:
    from benchmark.jobs import Job
    from benchmark.journal.watch import Progress

LEAST = 1.0
"""Seconds left below which nothing is known: jobs of which none has ended count as none."""


def told() -> "AbstractContextManager[Callable[[Progress], None]]":
    """A function that shows the progress it is given, while the block runs."""
    return shown(Words(job=in_rounds, idle="starting", least=LEAST))


def in_rounds(job: "Job") -> str:
    """A job in words."""
    target = job.target
    loop, folds = target.loop, target.setting.training.folds
    labels = f"labels of rounds 0 to {loop}" if loop else "labels of round 0"
    words = {
        "start": f"choosing the patches of round {loop}",
        "annotate": f"collecting the {labels}",
        "train_fold": f"training network {target.fold + 1} of {folds} ({labels})",
        "query": f"choosing the patches of round {loop}",
    }
    return words.get(job.step.name, f"{job.step.title} (round {loop})")
