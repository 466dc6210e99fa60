"""What a query method may see of the pool, and the oracle's separate door."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

import numpy as np

from nnactive.errors import MethodError, NnactiveError
from nnactive.geometry import Patch, Triple
from nnactive.query.checkpoint import Kept
from nnactive.query.map_cases import Announce, map_cases
from nnactive.query.prediction import Prediction
from nnactive.streams import stream

T = TypeVar("T")

ReadArray = Callable[[str], np.ndarray]
Predict = Callable[[str, frozenset[str]], Prediction]
Embed = Callable[[str, Sequence[Patch]], np.ndarray]


@dataclass(frozen=True)
class Oracle:
    """Ground truth of the whole pool, for methods that declare ``oracle = True``."""

    labels: ReadArray = field(repr=False)

    def label(self, case: str) -> np.ndarray:
        """Complete label map of a case, ``(Z, Y, X)``, read-only."""
        return _read_only(case, "label map", self.labels)


@dataclass(frozen=True, kw_only=True, eq=False)
class PoolView:
    """The pool as a query method sees it: everything but the labels outside labelled patches.

    Axis order is ``(Z, Y, X)``, sizes are in voxels; arrays that it hands out are read-only.
    """

    shapes: Mapping[str, Triple]
    """Shape of each pool case's image."""
    spacing: tuple[float, float, float]
    """Voxel size in mm."""
    patch_size: Triple
    """Query patch size; an image smaller than that in an axis gets its extent there."""
    stride: Triple
    """Distance between neighbouring places of a patch."""
    candidates: int
    """Patches that an image may put forward."""
    loop: int
    """Number of the loop that this query makes, from 1."""
    queries: int
    """Number of queries in the whole experiment, T."""
    n_classes: int
    """Number of classes with background."""
    labelled: tuple[Patch, ...]
    """Patches labelled so far."""
    images: ReadArray = field(repr=False)
    partial_labels: ReadArray = field(repr=False)
    """Reads a labelled case's partial label map from the training folder."""
    predictor: Predict = field(repr=False)
    needs: frozenset[str]
    """What of a prediction the method uses."""
    names: tuple[object, ...]
    """Names of the random stream: setting, method id, seed, loop."""
    embedder: Embed | None = field(default=None, repr=False)
    """Embeds patches of a case; given to methods that need it, to others None."""
    workers: int = 1
    """Images that `map` works on at the same time."""
    oracle_labels: ReadArray | None = field(default=None, repr=False)
    """Reads a case's complete label map; given to methods that declare it, to others None."""
    progress: Callable[[int, int], None] | None = field(default=None, repr=False)
    """Told after each image of `map` how many are done, and of how many."""
    announce: Announce | None = field(default=None, repr=False)
    """Told which images `map` comes to, in their order, so that they can be read ahead."""
    kept: Kept | None = field(default=None, repr=False)
    """Keeps results of `map` for the case that the query is interrupted."""

    def __post_init__(self) -> None:
        ordered = {case: self.shapes[case] for case in sorted(self.shapes)}
        object.__setattr__(self, "shapes", MappingProxyType(ordered))

    @property
    def cases(self) -> tuple[str, ...]:
        """Ids of the pool's cases, sorted."""
        return tuple(self.shapes)

    def shape(self, case: str) -> Triple:
        """Shape of a case's image."""
        if case not in self.shapes:
            raise MethodError(f"the pool has no case '{case}'; pool.cases lists them")
        return self.shapes[case]

    def image(self, case: str) -> np.ndarray:
        """Normalised image as the network gets it, float32 ``(C, Z, Y, X)``."""
        self.shape(case)
        return _read_only(case, "image", self.images)

    def labelled_in(self, case: str) -> list[Patch]:
        """Labelled patches of one case."""
        self.shape(case)
        return [patch for patch in self.labelled if patch.case == case]

    def labels_in(self, patch: Patch) -> np.ndarray:
        """Labels of a labelled patch, int16, of the patch's size.

        Raises:
            MethodError: if the patch isn't one of ``labelled``.
        """
        if patch not in self.labelled:
            raise MethodError(
                f"{patch.case}: the patch at {patch.start} isn't labelled; "
                "only the patches in pool.labelled have labels"
            )
        labels = _read_only(patch.case, "labels", self.partial_labels)[patch.slices].copy()
        labels.flags.writeable = False
        return labels

    def predict(self, case: str) -> Prediction:
        """The ensemble's prediction for a case's image."""
        self.shape(case)
        with _infrastructure(case, "prediction"):
            return self.predictor(case, self.needs)

    def embed(self, case: str, patches: Sequence[Patch]) -> np.ndarray:
        """The ensemble's features of patches of one case, float32 ``(len(patches), D)``.

        Each member's are the mean over the patch of its encoder's last feature maps; D is all
        members' features one after the other.

        Raises:
            MethodError: if the method doesn't declare the need ``embedding``, or a patch isn't
                inside the case's image.
        """
        shape = self.shape(case)
        if self.embedder is None or "embedding" not in self.needs:
            raise MethodError(
                f"{case}: pool.embed wasn't asked for; add 'embedding' to what the class needs"
            )
        for patch in patches:
            if patch.case != case or not patch.inside(shape):
                raise MethodError(f"{case}: {patch} isn't inside its image of shape {shape}")
        with _infrastructure(case, "embedding"):
            return self.embedder(case, patches)

    def rng(self, purpose: str, case: str = "", stratum: str = "") -> np.random.Generator:
        """Generator of this experiment, loop, purpose, case and stratum, each time from its start.

        Draws made for a case from that case's own stream depend neither on the order of the cases
        nor on the number of workers (protocol section 5, "Randomness").
        """
        return stream(*self.names, str(purpose), str(case), str(stratum))

    def map(self, function: Callable[[str], T], cases: Iterable[str] | None = None) -> list[T]:
        """Results of ``function`` for each case, computed on the step's workers, in case order.

        An exception in it is raised again as one that names the case, the first in case order.
        What ``function`` returns is kept on disk until the query is done, so that an interrupted
        query goes on from there: for those cases it isn't called again, so it must hand over all
        that matters in what it returns, which should be small. What can't be pickled isn't kept.
        """
        chosen = list(self.cases if cases is None else cases)
        for case in chosen:
            self.shape(case)

        def named(case: str) -> T:
            with naming(case):
                return function(case)

        return map_cases(
            named,
            chosen,
            workers=self.workers,
            kept=self.kept,
            announce=self.announce,
            progress=self.progress,
        )

    @property
    def oracle(self) -> Oracle:
        """Ground truth of the whole pool; every result says that the method used it.

        Raises:
            MethodError: if the method's class doesn't declare ``oracle = True``.
        """
        if self.oracle_labels is None:
            raise MethodError("pool.oracle needs the declaration oracle = True in the class")
        return Oracle(self.oracle_labels)


@contextmanager
def naming(case: str) -> Iterator[None]:
    """Turn what a method's code raises on a case into a `MethodError` that names the case."""
    try:
        yield
    except NnactiveError:
        raise
    except (Exception, SystemExit) as error:
        raise MethodError(f"{case}: {described(error)}") from error


def described(error: BaseException) -> str:
    """Type and message of an exception in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split()).rstrip(": ")


@contextmanager
def _infrastructure(case: str, thing: str) -> Iterator[None]:
    """Keep failures of what the step handed in apart from those of the method's code."""
    try:
        yield
    except NnactiveError:
        raise
    except Exception as error:
        raise NnactiveError(f"{case}: no {thing} ({described(error)})") from error


def _read_only(case: str, thing: str, read: ReadArray) -> np.ndarray:
    with _infrastructure(case, thing):
        array = read(case).view()
    array.flags.writeable = False
    return array
