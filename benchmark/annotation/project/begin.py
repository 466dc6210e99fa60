"""Begin a project: look at the images, choose what wasn't asked for, write the project file."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmark.annotation.project.asked import (
    METHOD,
    Asked,
    check_known,
    class_boxes,
    class_names,
    millimetres,
    project_name,
)
from benchmark.annotation.project.choose import (
    choose_budget,
    choose_channels,
    choose_folds,
    choose_patch,
)
from benchmark.annotation.project.guideline import shown
from benchmark.annotation.project.images import Seen, look_at
from benchmark.annotation.project.methods import checked_method, is_kept, kept_method
from benchmark.annotation.project.model import EPOCHS, ROUNDS, Project
from benchmark.annotation.project.places import (
    LABELS,
    METHODS,
    PROJECT,
    WORK,
    Places,
    command,
    round_name,
)
from nnactive.data.check.findings import of
from nnactive.data.progress import Progress
from nnactive.errors import UserError
from nnactive.io.files import write_model
from nnactive.settings import Training

PLANNED: Final = ("nnU-Net's", "planned from all images")
COPIED: Final = f", copied to {METHODS}/"
UNLESS: Final = "for round 0, unless you say where to look"
ADVANCED: Final = ("iterations", "base_features", "batch_size")


@dataclass(frozen=True)
class Choice:
    """One decision of a new project."""

    what: str
    value: str
    why: str
    """The rule or option behind it."""


@dataclass(frozen=True)
class Begun:
    """A project that was begun, as its person is told."""

    project: Project
    choices: tuple[Choice, ...]
    notes: tuple[str, ...] = ()
    """What was noticed about the images, a line each."""
    warnings: tuple[str, ...] = ()
    """What may go wrong, a line each."""


def begin(places: Places, asked: Asked, progress: Progress) -> Begun:
    """Write the project file of a new project, and copies of methods that a person wrote.

    Args:
        places: of the project; its folder is made if it isn't there.
        asked: the options.
        progress: told of images and label files that are read.

    Raises:
        UserError: there is a project already, an option is wrong, or images or labels can't be
            used.
    """
    check_free(places)
    classes = class_names(asked.classes)
    check_known(asked.high_variance, classes, "--high-variance")
    boxes = class_boxes(asked.boxes, classes)
    methods = {
        option: checked_method(getattr(asked, option), f"--{option}")
        for option in ("method", "start")
    }
    name = project_name(asked.name, places.root)
    spacing = millimetres(asked.spacing, "--spacing") if asked.spacing else None
    seen = look_at(asked, classes, progress)
    patch = choose_patch(asked, classes, boxes, seen)
    budget = choose_budget(asked, classes, patch.content, spacing, seen)
    channels = choose_channels(asked, seen)
    folds = choose_folds(asked, budget.content, seen)
    odd = seen.odd(channels.content, progress)
    project = Project(
        name=name,
        folder=below(seen.folder, places.root),
        images=seen.images,
        channels=channels.content,
        classes=classes,
        spacing=spacing,
        patch_mm=patch.content,
        budget=budget.content,
        rounds=asked.rounds,
        **{option: kept_method(places, method) for option, method in methods.items()},
        training=_training(asked, folds.content),
        seed=asked.seed,
        context_mm=asked.context_mm,
        view=asked.view,
        draft=asked.draft,
        given={case: below(file, places.root) for case, file in seen.files.items()},
    )
    notes = (*seen.notes, *(each.line for each in of(odd, "note")))
    warnings = (*(each.line for each in of(odd, "warning")), *patch.warnings, *budget.warnings)
    why = {"channels": channels.why, "patch": patch.why, "budget": budget.why, "folds": folds.why}
    choices = _choices(project, asked, seen, why)
    places.root.mkdir(parents=True, exist_ok=True)
    write_model(places.project, project)
    return Begun(project, choices, notes, (*warnings, *folds.warnings))


def check_free(places: Places) -> None:
    """Refuse a folder with a project, or what is left of one.

    Raises:
        UserError: names what is there, and how to begin again.
    """
    if places.root.exists() and not places.root.is_dir():
        raise UserError(f"{places.root}: not a folder; give another one")
    if places.project.exists():
        raise UserError(
            f"{places.project}: a project has begun here; go on with: "
            f"{command('next', places.root)}, or begin another one in another folder"
        )
    for name in (round_name(0), LABELS, WORK):
        if (places.root / name).exists():
            raise UserError(
                f"{places.root / name}: is there already, and a project keeps its own files under "
                f"this name; rename it, begin in another folder, or put a lost {PROJECT} back"
            )


def below(path: Path, root: Path) -> str:
    """A path as a project file has it: relative if it is below the project's folder.

    Links are followed, as a container sees only what is mounted.
    """
    whole, top = path.resolve(), root.resolve()
    return str(whole.relative_to(top)) if whole.is_relative_to(top) else str(whole)


def _training(asked: Asked, folds: int) -> Training:
    given = {name: getattr(asked, name) for name in ADVANCED if getattr(asked, name) is not None}
    return Training(epochs=asked.epochs, folds=folds, **given)


def _choices(
    project: Project,
    asked: Asked,
    seen: Seen,
    why: Mapping[str, str],
) -> tuple[Choice, ...]:
    """All that was chosen, and why."""
    images = f"{len(seen.images)}, {seen.count} {'channel' if seen.count == 1 else 'channels'} each"
    schemes = ", ".join(f"{name} ({scheme})" for name, scheme in project.channels.items())
    classes = ", ".join(f"{value} {name}" for value, name in enumerate(project.classes, 1))
    rows = [
        Choice("images", images, str(seen.folder)),
        Choice("channels", schemes, why["channels"]),
        Choice("classes", classes, f"--classes; {project.ignore} is what isn't labelled"),
    ]
    if seen.given:
        complete = sum(given.complete for given in seen.given.values())
        parts = f"{complete} complete, {len(seen.given) - complete} in part"
        rows.append(Choice("known labels", parts, "--labels"))
    guideline, training = "the guideline", project.training
    spacing = (f"{shown(project.spacing)} mm", "--spacing") if project.spacing else PLANNED
    return (
        *rows,
        Choice("spacing", *spacing),
        Choice("query patch", f"{shown(project.patch_mm)} mm (z,y,x)", why["patch"]),
        Choice("budget", f"{project.budget} patches a round", why["budget"]),
        Choice(
            "rounds", str(project.rounds), guideline if project.rounds == ROUNDS else "--rounds"
        ),
        Choice("start", asked.start, f"--start{COPIED * is_kept(project.start)}; {UNLESS}"),
        Choice(
            "method",
            asked.method,
            guideline
            if project.method == METHOD
            else f"--method{COPIED * is_kept(project.method)}",
        ),
        Choice(
            "training",
            f"{training.epochs} epochs",
            guideline if training.epochs == EPOCHS else "--epochs",
        ),
        Choice("ensemble", f"{training.folds} networks", why["folds"]),
        Choice("round folder", f"{project.view}, draft: {project.draft}", "--view, --draft"),
    )
