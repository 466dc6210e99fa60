"""A project as a track of the benchmark: one setting, one experiment, steps by the workflow."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmark import layout
from benchmark.annotation.project.model import Project
from benchmark.annotation.project.places import LABELS, Places, command, round_name
from benchmark.annotation.project.there import images_folder
from benchmark.annotation.rounds.model import Round
from benchmark.annotation.settled import Settled, settle, settled
from benchmark.chain.laid import lay
from benchmark.journal.watch import Progress
from benchmark.submission.pairs import paired
from benchmark.submission.spec import MethodSpec, freeze, freeze_later
from benchmark.tracks import Track
from benchmark.workflow.plan import STEP_COMMAND, Part
from benchmark.workflow.request import Request
from benchmark.workflow.run import run
from nnactive.data.progress import Progress as Stages
from nnactive.errors import NnactiveError, UserError
from nnactive.geometry import Patch
from nnactive.io.files import read_model, replace_model
from nnactive.io.queries import Query, load_patches, load_query, record
from nnactive.settings import Setting

PRIOR: Final = "prior"
"""In a loop file's place of a method id: a person said where to look."""

Entry = tuple[MethodSpec, Path | None]
"""A method that passed its checks, and the copy of a submitted one."""


def _silent(*_: object) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Told:
    """Whom long work tells how far it is."""

    workflow: Callable[[], AbstractContextManager[Callable[[Progress], None]]] = lambda: (
        nullcontext(_silent)
    )
    """Opens what is told the workflow's progress, twice a second."""
    stages: Callable[..., AbstractContextManager[Stages]] = lambda *_: nullcontext(_silent)
    """Opens what is told a stage, and how many of how many cases, or of a named unit, are done."""
    note: Callable[[str], None] = lambda _: None
    """A line on what happens."""


@dataclass(frozen=True)
class Machine:
    """What a run may use."""

    cores: int
    command: str = ""
    """The command line, for the journal."""
    step_command: str = STEP_COMMAND
    """Tests replace the steps by stand-ins."""
    notes: tuple[str, ...] = ()
    """What the user should know before anything is computed, a line each."""


def prepare(places: Places, project: Project, told: Told, workers: int | None = None) -> None:
    """Prepare the images, or go on with it; if that is done, see that they are the same still.

    Raises:
        UserError: the folder of the images is missing, or one of them is wrong or has changed.
    """
    from nnactive.oracle.prepare import prepare_images

    folder = images_folder(places, project)
    with told.stages() as progress:
        prepare_images(
            name=project.name,
            classes=project.all_classes,
            channels=project.channels,
            folder=folder,
            images=project.images,
            given={case: places.root / file for case, file in project.given.items()},
            labels_in=str(Path("..", "..", "..", LABELS)),
            spacing=project.spacing,
            out=places.prepared(project),
            workers=workers,
            progress=progress,
        )


def settle_methods(places: Places, project: Project, start: Entry, later: Entry) -> Settled:
    """Freeze a project's methods, and settle what depends on the prepared images.

    Args:
        places: of the project.
        project: of which.
        start: the start method.
        later: the query method.

    Raises:
        UserError: if one is of the wrong kind, or looks at labels that nobody has.
    """
    for (spec, _), field, starts in ((start, "start", True), (later, "method", False)):
        if spec.starts is not starts:
            kind = "start" if spec.starts else "query"
            raise UserError(
                f"{places.project}: field '{field}': {spec.record.id} is a {kind} method"
            )
        if spec.record.oracle:
            raise UserError(
                f"{places.project}: field '{field}': {spec.record.id} uses ground truth, which "
                "nobody has yet; choose another"
            )
    pair, root = paired(start[0], later[0]), places.runs / project.name
    freeze(root, pair, start[1])
    if later[1] is not None:
        freeze_later(root, pair, later[1])
    return settle(places, project, pair.record.id)


def request_of(places: Places, project: Project, machine: Machine) -> Request:
    """What the workflow is asked for a project whose methods are settled.

    Raises:
        UserError: if they aren't, or the project contradicts what was settled.
    """
    known = settled(places, project)
    if known is None:
        raise UserError(f"{places.root}: no round yet; run: {command('next', places.root)}")
    root, setting = places.runs / project.name, known.setting(project)
    spec = read_model(root / layout.spec_file(known.method), MethodSpec)
    _follow(root, setting)
    start, query = spec.pair or (spec, spec)
    track = Track(
        name=project.name,
        title=project.name,
        description="Labelled by a person.",
        comparable=False,
        settings=(setting,),
        methods=(start.record.id,),
        query=query.record.id,
        seeds=(project.seed,),
    )
    return Request(
        track=track,
        methods=((spec, None),),
        data=places.data,
        runs=places.runs,
        cores=machine.cores,
        step_command=machine.step_command,
        keep=True,
        command=machine.command,
    )


def make(
    places: Places, project: Project, step: str, loop: int, machine: Machine, told: Told
) -> None:
    """Run the workflow until a step's output in a loop is there, and nothing more.

    Args:
        places: of the project.
        project: of which.
        step: as `benchmark.steps` names it: ``start``, ``query``, ``annotate`` or ``train_fold``.
        loop: the round.
        machine: what it may use.
        told: whom to tell.

    Raises:
        UserError: what ended it, if that is the user's to mend.
        NnactiveError: anything else that ended it.
    """
    request, known = request_of(places, project, machine), settled(places, project)
    if known is None:
        raise UserError(f"{places.root}: no round yet")
    part = Part(experiments=(known.experiment,), step=step, loops=(loop,))
    for line in machine.notes:
        told.note(line)
    with told.workflow() as watcher:
        problems = run(request, watcher, part, told.note)
    for problem in problems:
        kind = UserError if problem.exit_code == UserError.exit_code else NnactiveError
        raise kind(f"{places.root}: round {loop}: {problem.text}")


def query_file(places: Places, known: Settled, loop: int) -> Path:
    """The loop file of a round."""
    name = layout.query_file(known.experiment, loop)
    return places.runs / known.project.name / name


def lay_down(places: Places, known: Settled, loop: int, patches: list[Patch], by: str) -> None:
    """Write a round's loop file as if a step had chosen its patches.

    Args:
        places: of the project.
        known: what is settled.
        loop: the round.
        patches: in the order of choice.
        by: what chose them, in the place of a method's id.
    """
    project = known.project
    made = Query(
        dataset=project.name,
        setting=project.name,
        method=by,
        seed=project.seed,
        loop=loop,
        patches=record(patches),
        isolation="trusted",
    )
    lay(places.runs / project.name, layout.query_file(known.experiment, loop), made)


def restore(places: Places, known: Settled, rounds: list[Round]) -> None:
    """Lay down the loop files of written rounds that are gone or broken: their patches count.

    Raises:
        UserError: if a loop file has other patches than its round.
    """
    for each in rounds:
        file = query_file(places, known, each.number)
        order = sorted(each.patches, key=lambda patch: patch.why.rank)
        patches = [Patch(p.patch.case, p.patch.start, p.patch.size) for p in order]
        if not _is_whole(file):
            file.unlink(missing_ok=True)
            lay_down(places, known, each.number, patches, order[0].why.by)
        elif set(load_patches([file])) != set(patches):
            raise UserError(
                f"{file}: has other patches than {round_name(each.number)} was written with; "
                "remove that file and run again"
            )


def _is_whole(file: Path) -> bool:
    try:
        load_query(file)
    except UserError:
        return False
    return True


def chosen(places: Places, known: Settled, loop: int) -> tuple[list[Patch], str] | None:
    """A round's patches in the order of choice, and what chose them; None: not chosen yet."""
    file = query_file(places, known, loop)
    if not file.is_file():
        return None
    return load_patches([file]), load_query(file).method


def _follow(root: Path, setting: Setting) -> None:
    """Let the engine's setting have as many rounds and the limits that the project has now."""
    file = root / layout.setting_file(setting.name)
    if not file.is_file():
        return
    now = {"loops": setting.loops, "limits": setting.limits}
    replace_model(file, read_model(file, Setting).model_copy(update=now))
