"""Starts Snakemake on a track, watches it, and says in plain words how it ended."""

import errno
import fcntl
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmark import layout
from benchmark.collect import collect, find_failure, step_outputs
from benchmark.layout import Experiment
from benchmark.results import Failure, load_result, save_result
from benchmark.submission.spec import MethodSpec, freeze
from benchmark.tracks import Track, experiments
from benchmark.workflow.datasets import dataset_folder
from benchmark.workflow.gpu_locks import visible_gpus
from benchmark.workflow.plan import PLAN_FILE, STEP_COMMAND, Job, Plan, jobs, threads_per_training
from benchmark.workflow.process_groups import spawn
from benchmark.workflow.watch import Progress, Watch, exit_status, forget, reason
from nnactive.data.cards import load_card
from nnactive.data.prepared import INFO, PreparedDataset
from nnactive.errors import NnactiveError, UserError
from nnactive.io.files import read_json, read_model, write_json, write_model
from nnactive.settings import Setting

SNAKEFILE = Path(__file__).parent / "Snakefile"
SNAKEMAKE_LOG = Path("log") / "snakemake.txt"
SECONDS_BETWEEN_LOOKS = 0.5
SECONDS_TO_UNLOCK = 3.0
"""How long a run that was just killed may take to be gone."""
CHECKSUMS = Path("datasets.json")


class Request(NamedTuple):
    """What is to be run."""

    track: Track
    methods: tuple[tuple[MethodSpec, Path | None], ...]
    """Each with the submitted file, None for a builtin method."""
    data: Path
    runs: Path
    cores: int
    step_command: str = STEP_COMMAND
    """Other commands stand in for the steps in tests."""

    @property
    def root(self) -> Path:
        """The track's folder."""
        return self.runs / self.track.name

    def dataset(self, name: str) -> Path:
        """Where one of the track's datasets lies; absolute."""
        return dataset_folder(name, self.data.resolve(), self.runs.resolve())


class Problem(NamedTuple):
    """An experiment that didn't end well."""

    experiment: Experiment
    text: str
    exit_code: int


def run(request: Request, watcher: Callable[[Progress], None]) -> list[Problem]:
    """Finish all experiments of a request; what is finished already is not touched.

    Args:
        request: what is to be run.
        watcher: told twice a second how far it is.

    Returns:
        One entry for each experiment that failed; its result says so too, unless a later call
        may go on with it.

    Raises:
        UserError: if the request doesn't fit what lies in the folder, another run is at work
            there, or a dataset isn't prepared.
    """
    root = request.root
    with _alone(root):
        generated = _check_datasets(request)
        _check_settings(request)
        _follow_datasets(request)
        write_model(root / "track.json", request.track)
        for spec, source in request.methods:
            freeze(root, spec, source)
        wanted = tuple(
            experiments(request.track, tuple(spec.record.id for spec, _ in request.methods))
        )
        gpus = visible_gpus()
        folds = max(setting.training.folds for setting in request.track.settings)
        plan = Plan(
            datasets={name: str(request.dataset(name)) for name in request.track.datasets},
            settings=request.track.settings,
            experiments=tuple(e for e in wanted if not _is_complete(root, e)),
            generated=generated,
            cores=request.cores,
            train_threads=threads_per_training(request.cores, folds, len(gpus)),
            gpus=gpus,
            step_command=request.step_command,
        )
        if not plan.experiments:
            return []
        ended = _snakemake(root, plan, watcher)
        _check_datasets(request)
        return list(_problems(request, plan, ended))


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Keep other runs out of the folder; the system lifts the lock of a killed process."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("a+") as lock:
        deadline = time.monotonic() + SECONDS_TO_UNLOCK
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    lock.seek(0)
                    raise UserError(
                        f"{root}: another run is at work here (process {lock.read().strip()}); "
                        "wait for its end, or use another --runs folder"
                    ) from None
                time.sleep(SECONDS_BETWEEN_LOOKS)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _check_datasets(request: Request) -> tuple[str, ...]:
    """Names of datasets that the workflow generates; refuses missing and exchanged ones."""
    file = request.root / CHECKSUMS
    known: dict[str, str] = read_json(file) if file.exists() else {}
    missing = []
    for name in request.track.datasets:
        folder = request.dataset(name)
        if not (folder / INFO).exists():
            missing.append(name)
            continue
        info = PreparedDataset(folder).info
        if info.source != load_card(name).preparation_hash():
            raise UserError(
                f"{folder}: prepared from another card or version of the dataset; "
                "remove that folder and run again"
            )
        checksum = info.checksum
        if known.setdefault(name, checksum) != checksum:
            raise UserError(
                f"{folder}: is not the data that {request.root} was begun with; "
                "use another --runs folder"
            )
    for name in missing:
        if load_card(name).generator is None:
            raise UserError(
                f"{request.data / name}: dataset not prepared; run: nnactive-bench data prepare "
                f"{name} --raw DIR --data {shlex.quote(str(request.data))}"
            )
    write_json(file, known)
    return tuple(missing)


def _follow_datasets(request: Request) -> None:
    """Go on with a run whose data lay elsewhere before, as inside and outside a container."""
    from nnactive.steps.annotate import follow_dataset

    for setting in request.track.settings:
        folder = request.dataset(setting.dataset)
        for train in layout.train_folders(request.root, setting.name):
            follow_dataset(folder, train)


def _check_settings(request: Request) -> None:
    """Keep results of different settings from mixing under one name."""
    for setting in request.track.settings:
        file = request.root / layout.setting_file(setting.name)
        if not file.exists():
            write_model(file, setting)
        elif (before := read_model(file, Setting)) != setting:
            field, old, new = next(_differences(before.model_dump(), setting.model_dump()))
            raise UserError(
                f"{file}: field '{field}' was {old} when this run began and is {new} now; "
                "use another --runs folder, or give the setting another name"
            )
    file = request.root / "track.json"
    if file.exists():
        earlier = read_model(file, Track)
        kept = ("protocol_version", "comparable")
        for field in kept:
            old, new = getattr(earlier, field), getattr(request.track, field)
            if old != new:
                raise UserError(
                    f"{file}: field '{field}' was {old} when this run began and is {new} now; "
                    "use another --runs folder"
                )


def _differences(
    old: dict[str, Any], new: dict[str, Any], prefix: str = ""
) -> Iterator[tuple[str, Any, Any]]:
    for key, value in new.items():
        if isinstance(value, dict):
            yield from _differences(old[key], value, f"{prefix}{key}.")
        elif old[key] != value:
            yield f"{prefix}{key}", old[key], value


def _is_complete(root: Path, experiment: Experiment) -> bool:
    """Whether a result is there and complete; one of a failed try is removed."""
    file = root / layout.result_file(experiment)
    if not file.exists():
        return False
    if load_result(file).status == "complete":
        return True
    file.unlink()
    return False


def _snakemake(root: Path, plan: Plan, watcher: Callable[[Progress], None]) -> int:
    write_model(root / PLAN_FILE, plan)
    listed = jobs(plan)
    forget(root, [job for job in listed if not (root / job.output).exists()])
    watch = Watch(root, listed)
    log = root / SNAKEMAKE_LOG
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = spawn(_command(plan), output, folder=root, env=_environment())
        try:
            while process.poll() is None:
                watcher(watch.look())
                time.sleep(SECONDS_BETWEEN_LOOKS)
        finally:
            # Its jobs end with it; what they were writing has no name yet.
            process.kill()
            process.wait()
    watcher(watch.look())
    return process.returncode


def _command(plan: Plan) -> list[str]:
    """How Snakemake is called.

    It keeps no lock and no account of incomplete files: this process holds a lock that no kill
    leaves behind, and every step writes its output under the final name in one move.
    """
    options = "--keep-going --nolock --ignore-incomplete --nocolor --scheduler greedy"
    options += " --rerun-triggers mtime --profile none --workflow-profile none --printshellcmds"
    return [
        *(sys.executable, "-P", "-m", "snakemake", "--snakefile", str(SNAKEFILE)),
        *("--configfile", str(PLAN_FILE), "--cores", str(plan.cores)),
        *("--resources", f"gpu={len(plan.gpus)}"),
        *options.split(),
    ]


def _environment() -> dict[str, str]:
    # Jobs put the traceback of a failure into their logs.
    return {**os.environ, "NNACTIVE_DEBUG": "1", "PYTHONUNBUFFERED": "1"}


def _problems(request: Request, plan: Plan, ended: int) -> Iterator[Problem]:
    """Experiments that have no result; writes that of those which failed for good."""
    root = request.root
    failed = {
        job.output: job
        for job in jobs(plan)
        if not (root / job.output).exists() and (root / job.log).exists()
    }
    for experiment in plan.experiments:
        if (root / layout.result_file(experiment)).exists():
            continue
        setting = plan.setting(experiment.setting)
        job = _blocking_job(plan, setting, experiment, failed)
        failure = find_failure(root, setting, experiment)
        if failure is not None:
            folder = request.dataset(setting.dataset)
            result = collect(root, request.track, experiment, folder)
            save_result(root / layout.result_file(experiment), result)
        yield _problem(root, experiment, failure, job, ended)


def _problem(
    root: Path, experiment: Experiment, failure: Failure | None, job: Job | None, ended: int
) -> Problem:
    status = exit_status(root / job.log) if job else None
    code = UserError.exit_code if status == UserError.exit_code else NnactiveError.exit_code
    if failure is not None:
        text = f"loop {failure.loop}, {failure.step}: {failure.reason}"
        return Problem(experiment, text, code)
    if job is not None:
        cause = reason(root / job.log)
        if os.strerror(errno.ENOSPC) in cause:
            code = UserError.exit_code
        log = root / job.log
        text = f"{job.what}: {cause}; see {log}, and run the same command to go on"
        return Problem(experiment, text, code)
    text = f"not finished, the workflow ended with exit status {ended}; see {root / SNAKEMAKE_LOG}"
    return Problem(experiment, text, code)


def _blocking_job(
    plan: Plan, setting: Setting, experiment: Experiment, failed: dict[Path, Job]
) -> Job | None:
    outputs: list[Path] = [plan.prepared(setting.dataset)]
    for loop in range(setting.loops):
        outputs.extend(step_outputs(setting, experiment, loop).values())
    outputs.append(layout.result_file(experiment))
    return next((failed[output] for output in outputs if output in failed), None)
