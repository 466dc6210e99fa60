"""Run a track, or a part of it: check the request, let Snakemake work, return the problems."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmark import layout
from benchmark.chain.check import is_sound
from benchmark.chain.tidy import Tidier
from benchmark.execution.gpu_locks import job_gpus
from benchmark.journal.watch import Progress
from benchmark.layout import Experiment
from benchmark.results import load_result
from benchmark.submission.spec import freeze
from benchmark.taken.sources import check_sources
from benchmark.track_files.cycles import check_runs
from benchmark.tracks import experiments
from benchmark.workflow.engine import workplace
from benchmark.workflow.plan import Part, Plan, local_writer, threads_per_training
from benchmark.workflow.problems import Problem, find_problems
from benchmark.workflow.request import (
    Request,
    check_datasets,
    check_settings,
    follow_datasets,
    keep_track,
)
from benchmark.workflow.rounds import Told, work_off
from nnactive.errors import UserError
from nnactive.io.leases import Lease, living


def run(
    request: Request,
    watcher: Callable[[Progress], None],
    part: Part | None = None,
    notes: Callable[[str], None] = lambda _: None,
) -> list[Problem]:
    """Complete all experiments of a request; finished steps are not repeated.

    Several runs may work on one track at once: each step is one's alone.

    Args:
        request: what to run.
        watcher: called twice a second with the progress.
        part: what to make; None: all of the request.
        notes: called with each line on what was set aside, to be made again.

    Returns:
        One problem for each experiment that isn't as far as asked. Where the failure is final, a
        result with status "failed" is written too.

    Raises:
        UserError: if the request contradicts what is in the track's folder, a dataset is not
            prepared, or a run of the part's name is at work.
    """
    root = request.root
    writer = part.writer if part and part.writer else local_writer()
    with _at_work(root, writer) as beat, workplace() as place:
        check_runs(root, request.track.name, request.track.settings)
        generated = check_datasets(request)
        check_settings(request)
        part = part or _whole(request)
        check_sources(root, request.track, part.experiments)
        follow_datasets(request, (*part.first_loops, *part.experiments))
        keep_track(request)
        for spec, source in request.methods:
            freeze(root, spec, source)
        for experiment in part.experiments:
            _forget_failure(root, experiment)
        plan = _plan(request, part, generated, writer)
        tidier = Tidier(root, writer, part.experiments, plan.target, request.keep)

        def alive() -> None:
            beat()
            tidier.some()

        ended = work_off(root, place, plan, Told(watcher, notes, alive))
        tidier.rest()
        check_datasets(request)
        return list(find_problems(request, plan, ended))


@contextmanager
def _at_work(root: Path, writer: str) -> Iterator[Callable[[], None]]:
    """Hold the lease of the run's name; yields what has to be called often."""
    lease = Lease.take_watched(root / layout.run_lease(writer))
    if lease is None:
        holder = living(root / layout.run_lease(writer))
        who = f"process {holder.pid} on {holder.host}" if holder else "another process"
        raise UserError(f"{root}: {writer} is working here ({who}); wait for it to end")
    try:
        yield lease.beat
    finally:
        lease.release()


def _whole(request: Request) -> Part:
    methods = tuple(spec.record.id for spec, _ in request.methods)
    return Part(experiments=tuple(experiments(request.track, methods)))


def _plan(request: Request, part: Part, generated: tuple[str, ...], writer: str) -> Plan:
    gpus = job_gpus()
    settings = request.track.settings
    return Plan(
        datasets={name: str(request.dataset(name)) for name in request.track.datasets},
        settings=settings,
        experiments=part.experiments,
        first_loops=part.first_loops,
        last_loop=part.last_loop,
        loops=part.loops,
        step=part.step,
        writer=writer,
        looking_back=request.looking_back,
        networkless=request.networkless,
        generated=generated,
        cores=request.cores,
        train_threads=threads_per_training(settings, request.cores, len(gpus) * request.slots),
        gpus=gpus,
        slots=request.slots,
        step_command=request.step_command,
        command=request.command,
    )


def _forget_failure(root: Path, experiment: Experiment) -> None:
    """Remove the result of a failed attempt, which is tried again; set a damaged one aside."""
    name = layout.result_file(experiment)
    if is_sound(root, name) and load_result(root / name).status != "complete":
        (root / name).unlink(missing_ok=True)
