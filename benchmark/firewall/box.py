"""What a boxed process sees, and what it may take."""

from dataclasses import dataclass, field
from pathlib import Path

from benchmark.execution.ends import Breach
from nnactive.answers.isolation import Isolation
from nnactive.settings import Limits


@dataclass(frozen=True)
class Box:
    """It sees the installation, these paths under their own names, and nothing else.

    Links lead only where the box holds their target, too. The first folder of ``writes`` is the
    work's HOME and TMPDIR; without one, that is a small ``/tmp`` in memory.
    """

    reads: tuple[Path, ...] = ()
    """Files and folders that it may read."""
    writes: tuple[Path, ...] = ()
    """Folders that it may write, too; they exist."""
    limits: Limits = field(default_factory=Limits)
    gpu: bool = False
    """Whether it may use the machine's accelerators."""
    hides: tuple[Path, ...] = ()
    """Folders whose other content isn't there, even where they lie within the installation."""


@dataclass(frozen=True)
class Ended:
    """How a boxed process ended."""

    code: int
    """Exit status, or minus the signal that ended it; 0 only if its work returned."""
    way: Isolation
    """What kept it."""
    peak_memory_gib: float
    """Of its largest process."""
    returned: bool = True
    """Whether its work returned or raised, as far as it can tell; False: something ended it."""
    breach: Breach | None = None
    """The limit that it passed, for which it was ended."""
