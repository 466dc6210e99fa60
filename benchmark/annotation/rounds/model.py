"""A round as it was written: its patches, and what their templates held."""

from typing import ClassVar, Literal

from benchmark.annotation.project.places import RESTORE, Places, round_name
from benchmark.annotation.rounds.names import INDEX
from nnactive.data.unlabelled.source import Box
from nnactive.errors import UserError
from nnactive.io.files import read_model
from nnactive.io.models import Frozen, StateFile
from nnactive.io.queries import PatchRecord


class Why(Frozen):
    """Why a patch was chosen, as far as it can be told."""

    by: str
    """Method id, ``prior`` or ``place``."""
    rank: int
    """Its place in the order of choice, from 1."""
    uncertainty: float | None = None
    """Mean over the patch of 1 - the ensemble's confidence; None: no ensemble yet."""
    predicted: dict[str, float] | None = None
    """Share of the patch that the ensemble gives to each class, background included."""


class RoundPatch(Frozen):
    """One patch of a round."""

    id: str
    """``p07``: its number in the round, in the order of images."""
    patch: PatchRecord
    """In voxels of the prepared image."""
    box: Box
    """What is to be drawn, in the image's own grid."""
    crop: Box
    """What the image file beside the template shows; the whole image where that is shown."""
    template: str
    """SHA-256 of the template's voxels inside the box, by `nnactive.data.prepared.array_digest`
    of a uint8 ``(Z, Y, X)`` array."""
    draft: Literal["none", "prediction"]
    """What the template holds inside the box."""
    why: Why


class Round(StateFile):
    """Content of ``work/rounds/round_NN.json`` and, for people, of the folder's ``index.json``."""

    SCHEMA: ClassVar[int] = 1

    number: int
    written: str
    """When, in UTC."""
    view: Literal["crop", "image"]
    patches: tuple[RoundPatch, ...]
    """Sorted by image, then place."""

    def patch(self, patch_id: str) -> RoundPatch | None:
        """The patch of an id."""
        return next((each for each in self.patches if each.id == patch_id), None)


def rounds_of(places: Places) -> list[Round]:
    """All rounds that have been written, in order.

    Raises:
        UserError: the file of one is wrong, or gone although there is more of that round.
    """
    found: list[Round] = []
    while (file := places.round_file(len(found))).is_file():
        found.append(read_model(file, Round, RESTORE))
    number = len(found)
    rest = places.labels / round_name(number), places.round(number) / INDEX
    if any(left.exists() for left in (*rest, places.round_file(number + 1))):
        raise UserError(f"{file}: missing, and nothing else tells what was to be drawn; restore it")
    return found
