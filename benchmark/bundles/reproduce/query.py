"""Let an entry's method query again, by the ordinary steps, and compare what it chooses.

It runs in a track's folder of its own: the queries are laid down there, the training folders are
made from them again, and only networks are taken from elsewhere. What is chosen again lies apart.
"""

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from benchmark import layout
from benchmark.bundles.levels import Repeated
from benchmark.bundles.reproduce.compare import Verdict, worst
from benchmark.bundles.reproduce.lay import lay_down
from benchmark.bundles.reproduce.reported import Reported
from benchmark.bundles.reproduce.train import Place, check_data, check_loops
from benchmark.execution.fresh import THREAD_VARIABLES
from benchmark.jobs import Job
from benchmark.layout import Experiment
from benchmark.results import Failure
from benchmark.steps import ANNOTATE, PREPARE, QUERY, START_STEP, Target
from benchmark.submission.spec import freeze
from benchmark.workflow.datasets import dataset_folder
from benchmark.workflow.request import Request, check_datasets, check_settings, keep_track
from nnactive.errors import NnactiveError, UserError
from nnactive.io.files import read_model, sha256
from nnactive.io.queries import PatchRecord, Query, load_query
from nnactive.io.seals import read_seal, seal

AGAIN: Final = Path("again")
"""Folder in that of the track for what is chosen again."""
RERUN: Final = "rerun"
"""Folder below an entry's own, whose networks come from elsewhere."""
REPORTED: Final = 300
"""Characters of a step's last line that an error shows."""


@dataclass(frozen=True)
class QueryCheck:
    """One loop whose query was made again."""

    loop: int
    patches: int
    """In the entry's query."""
    equal: int
    """Of these, chosen again."""
    same: bool
    """Whether all are equal and in the same order."""
    judged: bool
    """Whether the models are those that the entry's query had, or it needs none."""
    failure: str = ""
    """Why the method had no choice this time."""

    @property
    def verdict(self) -> Verdict:
        """Whether the method chose the entry's patches."""
        if not self.judged:
            return "not judged"
        return "agrees" if self.same else "differs"


@dataclass(frozen=True)
class Requeried:
    """One experiment whose queries were made again."""

    experiment: Experiment
    loops: tuple[QueryCheck, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of its loops'."""
        return worst(each.verdict for each in self.loops)

    @property
    def repeated(self) -> Repeated:
        """As an attestation has it."""
        return Repeated(
            setting=self.experiment.setting,
            seed=self.experiment.seed,
            loops=tuple(each.loop for each in self.loops),
            agrees=self.verdict == "agrees",
        )


@dataclass(frozen=True)
class Asked:
    """An entry whose method is to query again."""

    reported: Reported
    place: Place
    """`Place.runs` holds the track's folder, apart from that of the models."""
    models: Path
    """Track's folder with the networks."""
    theirs: bool
    """Whether these are the networks that the entry's queries were made with."""
    note: Callable[[str], None]

    @property
    def root(self) -> Path:
        """The track's folder."""
        return self.place.root(self.reported)

    @property
    def needs_network(self) -> bool:
        """Whether the method's queries need networks."""
        return self.reported.spec.later.needs_network


def query_again(
    asked: Asked, code: Path | None, loops: Sequence[int] | None
) -> Iterator[Requeried]:
    """Query again, an experiment at a time; loops that are done aren't repeated.

    Args:
        asked: the entry, and whose networks.
        code: the frozen copy of its code; None: a built-in method.
        loops: only these of the method's own; None: all.

    Raises:
        UserError: if networks or a loop are missing, or the entry was made from other data.
        NnactiveError: if a step fails for a reason that isn't the method's.
    """
    reported = asked.reported
    if loops is not None:
        check_loops(reported, loops, first_loop(reported))
    _begin(asked, code)
    for experiment, result in reported.results.items():
        own = range(first_loop(reported), len(result.loops))
        wanted = [each for each in own if loops is None or each in loops]
        checks = []
        for loop in _all_before(reported, experiment, wanted):
            asked.note(f"{experiment}: loop {loop}, query")
            found = _check(asked, _target(asked, experiment, loop))
            if loop in wanted:
                checks.append(found)
        if checks:
            yield Requeried(experiment, tuple(checks))


def first_loop(reported: Reported) -> int:
    """The first loop whose patches an entry's method chose: 0 for a start method, else 1."""
    return 0 if reported.spec.pair else 1


def compare_patches(before: Sequence[PatchRecord], now: Sequence[PatchRecord]) -> int:
    """Number of patches that both queries have."""
    return len(set(before) & set(now))


def _all_before(
    reported: Reported, experiment: Experiment, wanted: Sequence[int]
) -> range | list[int]:
    """The loops to query for: all up to the last one if the method hands a state on."""
    keeps = any(query.state for query in reported.queries[experiment])
    return range(first_loop(reported), max(wanted, default=0) + 1) if keeps else list(wanted)


def _begin(asked: Asked, code: Path | None) -> None:
    """Prepare the track's folder: its files, the queries, the method's frozen copy."""
    reported, place = asked.reported, asked.place
    request = Request(
        track=reported.track,
        methods=((reported.spec, code),),
        data=place.data,
        runs=place.runs,
        cores=place.cores,
    )
    for name in check_datasets(request):
        folder = dataset_folder(name, place.data.resolve(), place.runs.resolve())
        setting = next(each for each in reported.track.settings if each.dataset == name)
        asked.note(f"{name}: prepare")
        request.root.mkdir(parents=True, exist_ok=True)
        _run(asked, Job(PREPARE, Target(folder, setting, Experiment(setting.name, "start", 0))))
    check_data(reported, place)
    check_settings(request)
    keep_track(request)
    lay_down(reported, request.root)
    freeze(request.root, reported.spec, code)


def _target(asked: Asked, experiment: Experiment, loop: int) -> Target:
    place, spec = asked.place, asked.reported.spec.later
    setting = asked.reported.setting(experiment)
    return Target(
        data=dataset_folder(setting.dataset, place.data.resolve(), place.runs.resolve()),
        setting=setting,
        experiment=experiment,
        loop=loop,
        looks_back=spec.looks_back,
        needs_network=spec.needs_network,
    )


def _check(asked: Asked, target: Target) -> QueryCheck:
    """Query again for one loop, unless that is done."""
    experiment, loop = target.experiment, target.loop
    before = asked.reported.queries[experiment][loop]
    for earlier in range(loop):
        job = Job(ANNOTATE, replace(target, loop=earlier))
        if not (asked.root / job.output).exists():
            _run(asked, job)
    if loop:
        again = replace(QUERY, output=_again, inputs={**QUERY.inputs, "queries": _queries(asked)})
        taken = _take_members(asked, target)
    else:
        again, taken = replace(START_STEP, output=_again), {}
    job = Job(again, target)
    _drop_if_of_others(asked.root / job.output, taken)
    failed = asked.root / layout.failure_file(job.output)
    if not (asked.root / job.output).exists():
        failed.unlink(missing_ok=True)
        _run(asked, job, failed)
    failure = read_model(failed, Failure).reason if failed.exists() else ""
    now = () if failure else load_query(asked.root / job.output).patches
    return QueryCheck(
        loop=loop,
        patches=len(before.patches),
        equal=compare_patches(before.patches, now),
        same=before.patches == now,
        judged=asked.theirs or not (loop and asked.needs_network),
        failure=failure,
    )


def _again(target: Target) -> Path:
    return AGAIN / layout.query_file(target.experiment, target.loop)


def _queries(asked: Asked) -> Callable[[Target], list[Path]]:
    """The loop files that a query reads: one that was made again has its method's state."""

    def found(target: Target) -> list[Path]:
        return [_state_or_entry(asked, replace(target, loop=loop)) for loop in range(target.loop)]

    return found


def _state_or_entry(asked: Asked, target: Target) -> Path:
    laid, again = layout.query_file(target.experiment, target.loop), _again(target)
    if not (asked.root / again).exists():
        return laid
    made: Query = load_query(asked.root / again)
    return again if made.patches == load_query(asked.root / laid).patches else laid


def _take_members(asked: Asked, target: Target) -> dict[str, str]:
    """Put the networks that a query reads where its step looks for them; sealed as they are.

    Returns:
        SHA-256 of each by its path.
    """
    needed: list[Path] = []
    for name in ("members", "past_members"):
        found = QUERY.inputs[name](target)
        needed += found if isinstance(found, list) else [found]
    taken = {}
    for path in needed:
        source, member = asked.models / path, asked.root / path
        if not source.is_file():
            raise UserError(
                f"{source}: no such network; name a run that was made with --keep: --models "
                "RUNS/TRACK, or train first: --queries"
            )
        taken[str(path)] = content = sha256(source)
        made = read_seal(member) if member.exists() else None
        if made and made.digest == content:
            continue
        member.parent.mkdir(parents=True, exist_ok=True)
        draft = member.with_name(f".{member.name}")
        shutil.copyfile(source, draft)
        seal(draft, member.absolute(), {})
        draft.replace(member)
    return taken


def _drop_if_of_others(output: Path, taken: Mapping[str, str]) -> None:
    """Drop what was chosen on other networks than those of this call, as with other --models."""
    made = read_seal(output) if output.exists() else None
    if made and any(made.inputs.get(path) != content for path, content in taken.items()):
        output.unlink()


def _run(asked: Asked, job: Job, failed: Path | None = None) -> None:
    """Run a step in the track's folder; a failure of the method's stays in its file.

    Raises:
        NnactiveError: if it fails for another reason, or takes longer than its setting allows.
    """
    place = asked.place
    (asked.root / job.output).parent.mkdir(parents=True, exist_ok=True)
    words = [*shlex.split(place.step_command), *shlex.split(job.arguments(place.cores))]
    env = {**os.environ, **dict.fromkeys(THREAD_VARIABLES, str(place.cores))}
    hours = job.target.setting.limits.hours
    try:
        done = subprocess.run(
            words,
            cwd=asked.root,
            env=env,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=hours * 3600,
        )
    except subprocess.TimeoutExpired:
        raise NnactiveError(f"{job}: took longer than {hours:g} h") from None
    if done.returncode and not (failed is not None and _is_methods(failed)):
        said = [line for line in done.stderr.splitlines() if line.strip()]
        raise NnactiveError(f"{job}: {said[-1][:REPORTED] if said else done.returncode}")


def _is_methods(failed: Path) -> bool:
    """Whether a step said why the method itself has no choice."""
    return failed.exists() and read_model(failed, Failure).kind is not None
