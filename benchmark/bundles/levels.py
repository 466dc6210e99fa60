"""How far somebody has checked an entry: reported, replayed or re-run."""

from typing import Annotated, Final, Literal

from pydantic import Field

from benchmark.bundles.record import Sha256
from benchmark.results import Environment, Moment
from nnactive.io.models import Frozen, StateFile

Level = Literal["reported", "replayed", "re-run"]
"""reported: its files verify; replayed: somebody trained on its queries and got its Dice within the
spread of unseeded training; re-run: somebody ran its method again and got its queries."""
LEVELS: Final[tuple[Level, ...]] = ("reported", "replayed", "re-run")


class Repeated(Frozen):
    """One experiment that was repeated."""

    setting: str
    seed: int
    loops: tuple[int, ...]
    """Those that were trained again, or queried again."""
    difference: float | None = None
    """Largest absolute difference of Mean Dice over these loops; None: queries were compared."""
    allowed: float | None = None
    """Difference up to which unseeded training explains it."""
    agrees: bool


class Attestation(StateFile):
    """``attestations/NAME.json`` beside an entry's bundle: what somebody did, and what came out.

    ``NAME.json.sig`` beside it is an SSH signature over its bytes, if it was signed.
    """

    bundle: Sha256
    """`BundleRecord.digest` of the bundle."""
    level: Level
    by: Annotated[str, Field(min_length=1, max_length=100)]
    """Who did it."""
    done: Moment
    repeated: tuple[Repeated, ...]
    environment: Environment
