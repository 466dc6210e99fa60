"""The project file: everything that was chosen at the start."""

from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from nnactive.data.card_fields import Scheme
from nnactive.data.unlabelled.source import Image
from nnactive.io.models import StateFile
from nnactive.settings import Inference, Limits, Name, Setting, Sizes, Training

EPOCHS: Final = 1000
ROUNDS: Final = 5
REGIME: Final = "person"
SEED: Final = 12345

Millimetres = tuple[PositiveFloat, PositiveFloat, PositiveFloat]


class Project(StateFile):
    """Content of ``project.json``; sizes are (z, y, x), in the axes of the images' files."""

    SCHEMA: ClassVar[int] = 1

    name: Name
    """Of the project, its dataset, track and setting."""
    folder: str
    """The images' folder: below the project's if relative, else absolute."""
    images: tuple[Image, ...]
    """Sorted by id."""
    channels: dict[str, Scheme]
    """Normalisation by channel name, in channel order."""
    classes: tuple[str, ...]
    """Foreground classes, in label order from 1."""
    spacing: Millimetres | None = None
    """Target spacing in mm; None: nnU-Net chooses it from all images."""
    patch_mm: Millimetres
    """Query patch in mm; in voxels once the target spacing is known."""
    budget: PositiveInt
    """Patches a round."""
    rounds: PositiveInt = ROUNDS
    """Rounds that are planned, the start included; methods may follow a schedule over them."""
    start: str
    """Start method, as METHOD, a submitted one by its copy's path below the project's folder;
    ignored where a prior says where to look."""
    method: str
    """Query method of all later rounds, as METHOD, likewise."""
    training: Training = Training(epochs=EPOCHS)
    inference: Inference = Inference()
    limits: Limits = Limits()
    seed: int = SEED
    """Names all random streams."""
    context_mm: Annotated[float, Field(ge=0)] = 20
    """How much of the image a crop shows around its patch, on each side."""
    view: Literal["crop", "image"] = "crop"
    """What a round's folder holds: crops, or whole images with the patch as a box."""
    draft: Literal["none", "prediction"] = "prediction"
    """What a template holds inside the patch from round 1 on."""
    given: dict[str, str] = Field(default={})
    """Existing label files by case id, as `folder` is written."""

    @property
    def all_classes(self) -> tuple[str, ...]:
        """Class names in label order, background first."""
        return ("background", *self.classes)

    @property
    def ignore(self) -> int:
        """The value outside a patch in label files: as nnU-Net has it, the highest label."""
        return len(self.classes) + 1

    def setting(self, patch_size: Sizes, stride: Sizes = (1, 1, 1)) -> Setting:
        """The setting of the benchmark's engine.

        Args:
            patch_size: the query patch in voxels of the prepared images, in their axes.
            stride: distance between scored positions.
        """
        return Setting(
            name=self.name,
            dataset=self.name,
            regime=REGIME,
            patch_size=patch_size,
            stride=stride,
            candidates=self.budget,
            starting_budget=self.budget,
            query_size=self.budget,
            loops=self.rounds,
            training=self.training,
            inference=self.inference,
            limits=self.limits,
        )
