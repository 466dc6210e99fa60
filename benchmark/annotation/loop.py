"""The next round: what is left of preparing, training, choosing and writing it, stage by stage.

Each stage leaves files and is skipped where they are, so that a killed call goes on where it was.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.annotation.alone import ENGINE, alone
from benchmark.annotation.engine import (
    PRIOR,
    Entry,
    Machine,
    Told,
    chosen,
    lay_down,
    make,
    prepare,
    restore,
    settle_methods,
)
from benchmark.annotation.labelled import listed, missing_classes, open_patches
from benchmark.annotation.looks import named, parse_look
from benchmark.annotation.priors import Prior, place
from benchmark.annotation.project.model import Project
from benchmark.annotation.project.places import Places, command, round_name
from benchmark.annotation.project.there import check_given, check_images, images_folder
from benchmark.annotation.rounds.model import Round, rounds_of
from benchmark.annotation.settled import Settled, settled
from nnactive.data.prepared import PreparedDataset
from nnactive.data.unlabelled.source import SOURCES, Sources
from nnactive.errors import UserError
from nnactive.geometry import Patch
from nnactive.io.files import read_model

if TYPE_CHECKING:
    from benchmark.annotation.predictions import Predicted


@dataclass(frozen=True)
class Options:
    """What a person asks of the next round."""

    looks: tuple[str, ...] = ()
    """Where to look, as `benchmark.annotation.looks` has it; empty: the project's methods."""
    with_open: bool = False
    """Whether to go on though patches of the round before are open."""
    without_missing: bool = False
    """Whether to go on though nobody has seen some of the classes."""
    images: Path | None = None
    """Where the images are now; None: where they were."""
    workers: int | None = None
    """Images to work on at the same time; None: as many as fit."""


@dataclass(frozen=True)
class Outcome:
    """What a call came to."""

    made: Round | None
    """The round that was written; None: all rounds are done."""


Methods = Callable[[], tuple[Entry, Entry]]
"""The start and the query method, checked; asked once, before the first patches are chosen."""


def next_round(
    places: Places,
    project: Project,
    options: Options,
    methods: Methods,
    machine: Machine,
    told: Told,
) -> Outcome:
    """Choose the next patches and write their round's folder.

    Args:
        places: of the project.
        project: of which.
        options: what is asked.
        methods: checks the project's METHODs.
        machine: what a run may use.
        told: whom to tell how far it is.

    Raises:
        UserError: the round before is open, a class is missing, all that `make` raises, and what
            contradicts what was settled; or another process is at work.
    """
    with alone(places, ENGINE):
        return _next_round(places, project, options, methods, machine, told)


def _next_round(
    places: Places,
    project: Project,
    options: Options,
    methods: Methods,
    machine: Machine,
    told: Told,
) -> Outcome:
    if options.images is not None:
        project = project.model_copy(update={"folder": str(options.images.resolve())})
    known = settled(places, project)
    rounds = _finished(places)
    if rounds:
        check_labelled(places, rounds[-1], with_open=options.with_open)
    number = len(rounds)
    if number >= project.rounds:
        return Outcome(None)
    images_folder(places, project)
    for line in check_given(places, project):
        told.note(f"note: {line}")
    for text in options.looks:  # preparing may take hours
        named(text, project, [image.id for image in project.images])
    prepare(places, project, told, options.workers)
    if known is None:
        known = settle_methods(places, project, *methods())
    restore(places, known, rounds)
    found = chosen(places, known, number)
    if found is None:
        _choose(places, project, known, number, options, machine, told)
        found = chosen(places, known, number)
        with told.stages() as progress:  # training took hours, and crops are cut from the images
            check_images(places, project, progress)
    if found is None:
        raise UserError(f"{places.root}: round {number} has no patches; run the command again")
    patches, by = found
    return Outcome(_write(places, project, number, patches, by, options, told))


def _finished(places: Places) -> list[Round]:
    """The rounds that a person has; one whose folder isn't there is written again."""
    from benchmark.annotation.rounds.write import is_written

    rounds = rounds_of(places)
    if rounds and not is_written(places, len(rounds) - 1):
        last = rounds[-1]
        if len(open_patches(places, last)) == len(last.patches):
            return rounds[:-1]
    return rounds


def check_labelled(places: Places, last: Round, *, with_open: bool) -> None:
    """Refuse to go on from a round that isn't labelled.

    Args:
        places: of the project.
        last: the round.
        with_open: whether some of its patches may be open; never all of them.

    Raises:
        UserError: says which patches are open, and how to go on.
    """
    left, name = open_patches(places, last), round_name(last.number)
    if not left or (with_open and len(left) < len(last.patches)):
        return
    if len(left) == len(last.patches):
        raise UserError(
            f"{places.round(last.number)}: no patch of {name} is imported yet; label them, then "
            f"run: {command('import', places.root)}"
        )
    verb, them = ("is", "it") if len(left) == 1 else ("are", "them")
    raise UserError(
        f"{name}: {len(left)} of {len(last.patches)} patches {verb} open ({listed(left)}); label "
        f"{them} and run {command('import', places.root)} (which asks about those without a "
        "class), or go on without: --with-open"
    )


def _choose(
    places: Places,
    project: Project,
    known: Settled,
    number: int,
    options: Options,
    machine: Machine,
    told: Told,
) -> None:
    """Write the loop file of a round."""
    if options.looks:
        _by_prior(places, project, known, number, options.looks)
        return
    missing = missing_classes(places, project) if number else ()
    if missing:
        names = ", ".join(f"'{name}'" for name in missing)
        what = f"nothing is labelled as {names} yet"
        example = f"{missing[0]}:intensity=LOW..HIGH"
        if number == 1 and not options.without_missing:
            raise UserError(
                f"{places.root}: {what}; say where to look, as in --look {example} or --look "
                f"{missing[0]}:CASE=z,y,x, or go on without: --without-missing"
            )
        told.note(f"note: {what}; --look {example} makes a round of patches there")
    make(places, project, "query" if number else "start", number, machine, told)


def _by_prior(
    places: Places, project: Project, known: Settled, number: int, texts: Sequence[str]
) -> None:
    """Lay down a round's loop file with patches where a person says to look."""
    sources = _sources(places, project)
    looks = tuple(parse_look(text, project, sources.cases) for text in texts)
    folder = images_folder(places, project)
    taken = list(PreparedDataset(places.prepared(project)).given)
    for before in range(number):
        found = chosen(places, known, before)
        taken += found[0] if found else []
    prior = Prior(looks, project, folder, sources.cases)
    names = (PRIOR, project.name, project.seed, number)
    patches = place(prior, taken, known.patch_size, project.budget, names)
    lay_down(places, known, number, patches, PRIOR)


def _write(
    places: Places,
    project: Project,
    number: int,
    patches: list[Patch],
    by: str,
    options: Options,
    told: Told,
) -> Round:
    """Write a round's folder, with predictions where there is an ensemble by now."""
    from benchmark.annotation.imports.looked import remember_templates
    from benchmark.annotation.rounds.write import write_round

    predicted = _predicted(places, project, number, patches, options, told)
    is_new = not places.round(number).exists()
    with told.stages(" patches") as progress:
        written = write_round(
            places,
            project,
            _sources(places, project),
            patches,
            number,
            by,
            predicted,
            progress,
        )
    if is_new:  # else a person may have been at work in it
        remember_templates(places, written)
    return written


def _predicted(
    places: Places,
    project: Project,
    number: int,
    patches: list[Patch],
    options: Options,
    told: Told,
) -> "Predicted | None":
    """Predictions of the images of a round; None: no ensemble has been trained for it."""
    from benchmark.annotation.agreement.read import watched_cases
    from benchmark.annotation.ensembles import find_ensemble
    from benchmark.annotation.predictions import predict

    if not number:
        return None
    try:
        find_ensemble(places, project, number - 1)
    except UserError:  # a prior's round needs none
        return None
    dataset = PreparedDataset(places.prepared(project))
    with told.stages() as progress:
        return predict(
            places,
            project,
            number - 1,
            [*sorted({patch.case for patch in patches}), *watched_cases(project, dataset)],
            workers=options.workers or 1,
            progress=partial(progress, "predict"),
        )


def _sources(places: Places, project: Project) -> Sources:
    return read_model(places.prepared(project) / SOURCES, Sources)
