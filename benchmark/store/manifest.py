"""The manifest of a pack of baselines: what is in it, of which track and data, with hashes.

A pack is plain files beside one manifest, at paths that say what they are of, so that any file host
can serve it and whoever needs one setting or seed fetches that alone. It has nothing that could run
code where it is used: networks are read as tensors alone (``weights_only``), and training folders,
whose class locations are pickles and whose labels are the dataset's, are made again from the
queries and the user's own data.
"""

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, NonNegativeInt

from benchmark import layout
from benchmark.bundles.record import Sha256
from benchmark.layout import Experiment
from benchmark.tracks import Track
from nnactive.io.costs import cost_file
from nnactive.io.files import sha256
from nnactive.io.models import Frozen, StateFile
from nnactive.io.queries import START
from nnactive.io.seals import seal_file
from nnactive.settings import Setting

MANIFEST: Final = "baselines.json"
"""In the folder of a pack, and below the address of one."""
MOST_SECONDS: Final = 1e10
"""300 years of computing."""


class StoredFile(Frozen):
    """A file of a pack."""

    size: NonNegativeInt
    """Bytes."""
    sha256: Sha256


class StoredPart(Frozen):
    """What is taken as a whole: the start loop of a setting and seed, or the result of a method."""

    kind: Literal["start", "result"]
    setting: str
    seed: int
    method: str = START
    """Id of the method; of a start loop, that of the protocol's start."""
    seconds: Annotated[float, Field(ge=0, le=MOST_SECONDS)] = 0.0
    """That its trainings and predictions took: what whoever takes it need not spend."""
    files: Annotated[dict[str, StoredFile], Field(min_length=1)]
    """By path in the pack, which is that in the track's folder."""

    def __str__(self) -> str:
        what = "start loop" if self.kind == "start" else self.method
        return f"{self.setting}, {what}, seed {self.seed}"


class StoreManifest(StateFile):
    """``baselines.json``: a pack of baselines."""

    track: Track
    nnunet: str
    """Version of nnU-Net that trained."""
    checksums: dict[str, str]
    """Of each prepared dataset, by name."""
    parts: tuple[StoredPart, ...]

    @property
    def bytes(self) -> int:
        """Size of all files."""
        return sum(file.size for part in self.parts for file in part.files.values())


def start_outputs(setting: Setting, seed: int) -> list[Path]:
    """Outputs of loop 0 that a pack has, the query first, relative to the track's folder."""
    first = Experiment(setting.name, START, seed)
    members = [layout.member_file(first, 0, fold) for fold in range(setting.training.folds)]
    return [layout.query_file(first, 0), *members, layout.evaluation_file(first, 0)]


def start_train(setting: Setting, seed: int) -> Path:
    """The training folder of loop 0: a pack has its seal and cost, and not what is in it."""
    return layout.train_folder(Experiment(setting.name, START, seed), 0)


def start_files(setting: Setting, seed: int) -> list[Path]:
    """All files of a start loop in a pack."""
    train = start_train(setting, seed)
    files = [
        file
        for output in start_outputs(setting, seed)
        for file in (output, seal_file(output), cost_file(output))
    ]
    return [*files, seal_file(train), cost_file(train)]


def result_files(experiment: Experiment) -> list[Path]:
    """All files of a result in a pack."""
    output = layout.result_file(experiment)
    return [output, seal_file(output)]


def is_stored(path: Path, file: StoredFile) -> bool:
    """Whether a file is there as the manifest has it; reads it."""
    return path.is_file() and path.stat().st_size == file.size and sha256(path) == file.sha256
