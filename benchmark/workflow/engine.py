"""Snakemake, which starts the jobs in their order: its command and its private folder."""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen, TimeoutExpired

from benchmark import layout
from benchmark.execution.child_processes import all_ended, spawn
from benchmark.execution.warm.serving import serving
from benchmark.firewall.ways import tried
from benchmark.provenance import COMMAND
from benchmark.workflow.graph import Graph
from benchmark.workflow.plan import STEP_COMMAND, Plan
from benchmark.workflow.rules import described, name
from nnactive.io.locks import exclusive_lock

SNAKEFILE = Path(__file__).parent / "Snakefile"
PREFIX = "nnactive-run-"
SECONDS_BETWEEN_LOOKS = 0.5
OPTIONS = (
    "--keep-going",
    # Nothing there is worth a lock, a mark or a record: the folder is of this run alone.
    *("--nolock", "--ignore-incomplete", "--drop-metadata", "--keep-incomplete"),
    *("--rerun-triggers", "mtime", "--latency-wait", "1"),
    *("--scheduler", "greedy", "--nocolor", "--printshellcmds"),
    *("--profile", "none", "--workflow-profile", "none"),
)


@contextmanager
def workplace() -> Iterator[Path]:
    """A private folder for Snakemake, on this machine; those of killed runs are removed."""
    for old in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        _remove_unless_used(old)
    folder = Path(tempfile.mkdtemp(prefix=f".{PREFIX}"))
    try:
        with exclusive_lock(folder / "lock"):
            # Only now, so that a run that begins at the same time finds it locked.
            folder = folder.rename(folder.with_name(folder.name[1:]))
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def work(root: Path, place: Path, plan: Plan, left: Graph, look: Callable[[], None]) -> int:
    """Let Snakemake do what is left; returns its exit status, -n after signal n.

    Args:
        root: the track's folder.
        place: the `workplace`.
        plan: the plan.
        left: what is left of it.
        look: called twice a second.
    """
    write_graph(place, plan, left)
    log = root / layout.snakemake_log(plan.writer)
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        log.open("ab") as output,
        all_ended(),
        serving(
            output, environment(root, plan.command), heavy=plan.step_command == STEP_COMMAND
        ) as env,
    ):
        process = spawn(command(plan), output, folder=place, env=env)
        try:
            while process.poll() is None:
                look()
                _wait(process)
        finally:
            # Its jobs end with it; they leave no partial output under a final name.
            process.kill()
            process.wait()
    return process.returncode


def write_graph(place: Path, plan: Plan, left: Graph) -> None:
    """Write what the Snakefile reads; marks of an earlier round are removed."""
    for entry in place.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
    content = json.dumps(described(plan, left))
    (place / "graph.json").write_text(content, encoding="utf-8")


def command(plan: Plan) -> list[str]:
    """Snakemake's command line."""
    # Trainings on GPUs share all cores, but hardly use them all: short steps go on beside them.
    cores = plan.cores + len(plan.gpus)
    return [
        *(sys.executable, "-P", "-m", "snakemake", "--snakefile", str(SNAKEFILE)),
        *("--cores", str(cores), "--resources", f"gpu={len(plan.gpus) * plan.slots}"),
        *OPTIONS,
    ]


def environment(root: Path, told: str = "") -> dict[str, str]:
    """Variables of Snakemake and of the jobs.

    Args:
        root: the track's folder.
        told: the run's command line, for results.
    """
    return {
        **os.environ,
        **tried(),
        "NNACTIVE_ROOT": str(root.resolve()),
        # So that a job's log has the traceback of its failure.
        "NNACTIVE_DEBUG": "1",
        COMMAND: told,
        "PYTHONUNBUFFERED": "1",
    }


def ended_well(place: Path, left: Graph) -> Iterator[Path]:
    """Outputs of the jobs that Snakemake saw end well."""
    for output, needed in left.needed.items():
        if (place / name(needed.job)).exists():
            yield output


def _wait(process: "Popen[bytes]") -> None:
    try:
        process.wait(SECONDS_BETWEEN_LOOKS)
    except TimeoutExpired:
        return


def _remove_unless_used(folder: Path) -> None:
    try:
        with exclusive_lock(folder / "lock") as free:
            if free:
                shutil.rmtree(folder, ignore_errors=True)
    except OSError:  # another user's, or gone by now
        return
