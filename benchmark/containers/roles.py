"""What a command's options and arguments name on the host, for commands that run in a container."""

from dataclasses import dataclass
from enum import Enum, auto


class Role(Enum):
    """What the value of an option or argument names on the host."""

    TEXT = auto()
    """Nothing: it is passed on as it is."""
    METHOD = auto()
    """A METHOD; the file of a submitted one is mounted."""
    TRACK = auto()
    """A track's name, or its YAML file."""
    DATASET = auto()
    """A dataset's name, or a raw folder."""
    DATA = auto()
    """The folder of the prepared datasets, to read."""
    KEPT_DATA = auto()
    """The same, to write."""
    RUNS = auto()
    """The folder of the runs, to write."""
    RUN = auto()
    """An experiment of a run, to read: its folder, or its name below the folder of the runs."""
    TRACK_RUN = auto()
    """The folder of a track's run, to write, with the folder of the runs around it."""
    PROJECT = auto()
    """An annotation project's folder, to write, with what its file names outside it to read."""
    IMAGES = auto()
    """A folder or file to read that the project's file will name: it keeps its path inside, unless
    it lies in the project's folder. Of ``ID=FILE`` that is FILE. Links in a folder are followed."""
    TABLE = auto()
    """A table whose paths begin at its own folder, which comes with it, as one of images."""
    RESULTS = auto()
    """A folder or file with results, to read."""
    RAW = auto()
    """A raw dataset's folder."""
    CARDS = auto()
    """The folder of the user's dataset cards, to write."""
    PAGE = auto()
    """A file to write."""
    GUIDE = auto()
    """A file to write, unless another program's file is there."""


@dataclass(frozen=True)
class Given:
    """An option or argument that a command was given."""

    option: str
    """``--name``; empty for an argument."""
    values: tuple[str, ...]
    role: Role = Role.TEXT
    flag: bool = False
    """Whether the option takes no value."""
