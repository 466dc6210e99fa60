"""What a command's options stand for, where the command runs in a container."""

from enum import Enum, auto
from typing import Literal, NamedTuple

RuntimeName = Literal["local", "docker", "apptainer"]


class Role(Enum):
    """What an option's or argument's value names on the host."""

    TEXT = auto()
    """Nothing: handed over as it is."""
    METHOD = auto()
    """A METHOD; the file of a submitted one is mounted."""
    TRACK = auto()
    """A track's name, or its YAML file."""
    DATASET = auto()
    """A dataset's name, or a raw folder."""
    DATA = auto()
    """Folder of the prepared datasets, to be read."""
    KEPT_DATA = auto()
    """The same, to be written."""
    RUNS = auto()
    """Folder of the runs, to be written."""
    RESULTS = auto()
    """A folder or file with results, to be read."""
    RAW = auto()
    """A raw dataset's folder."""
    CARDS = auto()
    """Folder of one's own cards, to be written."""
    PAGE = auto()
    """A file to write."""
    GUIDE = auto()
    """A file to write that mustn't replace another program's."""


class Given(NamedTuple):
    """An option or argument that a command was given."""

    option: str
    """``--name``; empty for an argument."""
    values: tuple[str, ...]
    role: Role = Role.TEXT
    flag: bool = False
    """Whether the option stands alone."""
