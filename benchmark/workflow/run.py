"""Run a track: check the request, start Snakemake, watch it, and return the problems."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmark import layout
from benchmark.execution.child_processes import spawn
from benchmark.execution.gpu_locks import job_gpus
from benchmark.journal.watch import Progress, Watch, forget
from benchmark.layout import Experiment
from benchmark.results import load_result
from benchmark.submission.spec import freeze
from benchmark.tracks import experiments
from benchmark.workflow.plan import Plan, jobs, threads_per_training
from benchmark.workflow.problems import Problem, find_problems
from benchmark.workflow.request import Request, check_datasets, check_settings, follow_datasets
from nnactive.errors import UserError
from nnactive.io.files import relink, replace_model, write_model
from nnactive.io.locks import exclusive_lock, lock_holder

SNAKEFILE = Path(__file__).parent / "Snakefile"
SECONDS_BETWEEN_LOOKS = 0.5
SECONDS_TO_UNLOCK = 3.0
"""How long to wait for a run that was just killed to exit."""


def run(request: Request, watcher: Callable[[Progress], None]) -> list[Problem]:
    """Complete all experiments of a request; finished steps are not repeated.

    Args:
        request: what to run.
        watcher: called twice a second with the progress.

    Returns:
        One problem for each experiment that has no complete result. Where the failure is final,
        a result with status "failed" is written too.

    Raises:
        UserError: if the request contradicts what is in the track's folder, another run is using
            that folder, or a dataset is not prepared.
    """
    root = request.root
    with _alone(root):
        generated = check_datasets(request)
        check_settings(request)
        follow_datasets(request)
        write_model(root / layout.track_file(), request.track)
        for spec, source in request.methods:
            freeze(root, spec, source)
        wanted = tuple(
            experiments(request.track, tuple(spec.record.id for spec, _ in request.methods))
        )
        gpus = job_gpus()
        folds = max(setting.training.folds for setting in request.track.settings)
        plan = Plan(
            datasets={name: str(request.dataset(name)) for name in request.track.datasets},
            settings=request.track.settings,
            experiments=tuple(e for e in wanted if not _is_complete(root, e)),
            looking_back=request.looking_back,
            generated=generated,
            cores=request.cores,
            train_threads=threads_per_training(request.cores, folds, len(gpus)),
            gpus=gpus,
            step_command=request.step_command,
        )
        if not plan.experiments:
            return []
        ended = _snakemake(root, plan, watcher)
        check_datasets(request)
        return list(find_problems(request, plan, ended))


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Keep other runs out of the folder."""
    root.mkdir(parents=True, exist_ok=True)
    with exclusive_lock(root / ".lock", seconds=SECONDS_TO_UNLOCK) as held:
        if not held:
            raise UserError(
                f"{root}: another run is at work here (process {lock_holder(root / '.lock')}); "
                "wait for its end, or use another --runs folder"
            )
        yield


def _is_complete(root: Path, experiment: Experiment) -> bool:
    """Whether there is a complete result; that of a failed attempt is removed."""
    file = root / layout.result_file(experiment)
    if not file.exists():
        return False
    if load_result(file).status == "complete":
        return True
    file.unlink()
    return False


def _snakemake(root: Path, plan: Plan, watcher: Callable[[Progress], None]) -> int:
    replace_model(root / layout.plan_file(), plan)
    listed = jobs(plan)
    forget(root, [job for job in listed if not (root / job.output).exists()])
    watch = Watch(root, listed, plan.resources)
    log = root / layout.snakemake_log()
    log.parent.mkdir(parents=True, exist_ok=True)
    with _linked_datasets(root, plan), log.open("ab") as output:
        process = spawn(_command(plan), output, folder=root, env=_environment())
        try:
            while process.poll() is None:
                watcher(watch.look())
                time.sleep(SECONDS_BETWEEN_LOOKS)
        finally:
            # Its jobs end with it; they leave no partial output under a final name.
            process.kill()
            process.wait()
    watcher(watch.last())
    return process.returncode


@contextmanager
def _linked_datasets(root: Path, plan: Plan) -> Iterator[None]:
    """The links by which Snakemake knows the datasets; those of a killed run are replaced."""
    links = {root / layout.data_link(name): plan.data(name) for name in plan.datasets}
    for link, folder in links.items():
        folder.mkdir(parents=True, exist_ok=True)
        link.parent.mkdir(exist_ok=True)
        relink(folder, link)
    try:
        yield
    finally:
        for link in links:
            link.unlink(missing_ok=True)
        with suppress(OSError):
            (root / layout.data_link("any")).parent.rmdir()


def _command(plan: Plan) -> list[str]:
    """Snakemake's command line.

    Snakemake neither locks the folder nor tracks incomplete files: this process holds a lock that
    the system releases if it is killed, and every step writes its output atomically.
    """
    options = "--keep-going --nolock --ignore-incomplete --nocolor --scheduler greedy"
    options += " --rerun-triggers mtime --profile none --workflow-profile none --printshellcmds"
    return [
        *(sys.executable, "-P", "-m", "snakemake", "--snakefile", str(SNAKEFILE)),
        *("--cores", str(plan.cores), "--resources", f"gpu={len(plan.gpus)}"),
        *options.split(),
    ]


def _environment() -> dict[str, str]:
    # So that a job's log has the traceback of its failure.
    return {**os.environ, "NNACTIVE_DEBUG": "1", "PYTHONUNBUFFERED": "1"}
