"""What is chosen for a new project where it wasn't asked for, each with the rule behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from benchmark.annotation.project.asked import Asked, channel_schemes, millimetres
from benchmark.annotation.project.guideline import (
    guideline_budget,
    patch_of_boxes,
    patch_of_images,
    patch_of_labels,
    shown,
)
from benchmark.annotation.project.images import FEWEST, Seen
from benchmark.annotation.project.model import Millimetres
from benchmark.annotation.project.room import Space, fitting_budget, room_warning
from nnactive.data.card_fields import Scheme
from nnactive.errors import UserError
from nnactive.settings import Training

Content = TypeVar("Content")


@dataclass(frozen=True)
class Chosen(Generic[Content]):
    """A value with the rule behind it."""

    content: Content
    why: str
    warnings: tuple[str, ...] = ()


def choose_patch(
    asked: Asked, classes: Sequence[str], boxes: Mapping[str, Millimetres], seen: Seen
) -> Chosen[Millimetres]:
    """Query patch in mm: as asked, from sizes that are given or measured, or a guess.

    Raises:
        UserError: what was asked is no size, or was asked twice.
    """
    if asked.patch_mm and boxes:
        raise UserError("--patch-mm and --box: both give the query patch; give one")
    if asked.patch_mm:
        return Chosen(millimetres(asked.patch_mm, "--patch-mm"), "--patch-mm")
    if boxes:
        return Chosen(*patch_of_boxes(boxes))
    complete = [given.boxes for given in seen.given.values() if given.complete]
    if measured := patch_of_labels(classes, complete):
        return Chosen(*measured)
    guess, why = patch_of_images(seen.extents(seen.open))
    warning = (
        f"the query patch, {shown(guess)} mm (z,y,x), is a guess: the guideline takes the size of "
        f"the structures; give it for each class with --box {classes[0]}=Z,Y,X"
    )
    return Chosen(guess, why, (warning,))


def choose_budget(
    asked: Asked,
    classes: Sequence[str],
    patch: Millimetres,
    spacing: Millimetres | None,
    seen: Seen,
) -> Chosen[int]:
    """Patches a round: as asked, or the guideline's, or fewer where these don't fit.

    Raises:
        UserError: the images have no room even for the first round.
    """
    space = Space(seen.extents(seen.open), spacing or seen.spacing, patch)
    if asked.budget is None:
        wanted, why = guideline_budget(classes, asked.high_variance)
        budget, reduced = fitting_budget(space, wanted, asked.rounds)
        why = reduced or why
    else:
        budget, why = asked.budget, "--budget"
    warnings = [room_warning(space, budget, asked.rounds)]
    if budget < len(classes):
        warnings.append(
            f"{budget} patches a round for {len(classes)} classes: a round may lack some"
        )
    return Chosen(budget, why, tuple(filter(None, warnings)))


def choose_channels(asked: Asked, seen: Seen) -> Chosen[dict[str, Scheme]]:
    """Normalisation by channel name.

    Raises:
        UserError: what was asked doesn't name the images' channels.
    """
    from nnactive.data.unlabelled.intensities import likely_ct

    if asked.channels:
        return Chosen(channel_schemes(asked.channels, seen.count), "--channels")
    hounsfield = [likely_ct(seen.folder, seen.images, number) for number in range(seen.count)]
    single = ["CT" if hounsfield[0] else "image"]
    names = seen.names or (
        single if seen.count == 1 else [f"channel_{n}" for n in range(seen.count)]
    )
    schemes: dict[str, Scheme] = {
        name: "ct" if is_ct else "zscore" for name, is_ct in zip(names, hounsfield, strict=True)
    }
    why = "intensities look like Hounsfield units" if any(hounsfield) else "not Hounsfield units"
    return Chosen(schemes, f"{why}; --channels sets others")


def choose_folds(asked: Asked, budget: int, seen: Seen) -> Chosen[int]:
    """Networks of an ensemble: each leaves out other images, so there are at most as many.

    Raises:
        UserError: more than images.
    """
    images = len(seen.images)
    if asked.folds is not None:
        if asked.folds > images:
            raise UserError(f"--folds: {asked.folds}, but there are {images} images; give fewer")
        return Chosen(asked.folds, "--folds")
    usual = Training().folds
    if images < usual:
        warning = f"only {images} images: the model may fail on any that look different"
        return Chosen(images, f"one for each image; the papers' are {usual}", (warning,))
    if budget < usual:
        return Chosen(max(FEWEST, budget), "one for each patch of round 0")
    return Chosen(usual, "the papers'")
