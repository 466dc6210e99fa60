"""The level between one's own scores and the whole query: features of places, a choice by them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nnactive.errors import MethodError
from nnactive.geometry import Patch
from nnactive.methods.base import QueryMethod
from nnactive.methods.parts.distances import farthest_first
from nnactive.methods.parts.greedy import overlapping
from nnactive.methods.parts.places import places
from nnactive.pool.view import PoolView
from nnactive.query.selection import plain_array

if TYPE_CHECKING:
    from torch import Tensor

_AXES = 2


class _Image(NamedTuple):
    """Places of an image, their features ``(k, D)``, and those of its labelled patches."""

    patches: list[Patch]
    features: np.ndarray
    labelled: np.ndarray


class FeatureMethod(QueryMethod):
    """Base class of methods that compare places by features: write `features`, the rest is there.

    The parts, in order: `places` of one image, their `features` and those of its labelled patches,
    `choose_by` among the places of all images; `query` is the whole. As it comes, it covers the
    feature space: greedy k-centre. Memory holds the features of all places, ``(N, D)``.
    """

    def places(self, pool: PoolView, case: str) -> list[Patch]:
        """Places of one image to choose among; none may overlap a labelled patch.

        By default at most ``limit(pool)`` random ones that don't overlap one another, sorted by
        start. `choose_by` breaks ties by the order of the cases, then by this one.
        """
        return sorted(places(pool, case, self.limit(pool)))

    def features(self, pool: PoolView, case: str, patches: list[Patch]) -> "Tensor | np.ndarray":
        """Features of patches of one image, an array or tensor ``(len(patches), D)`` of floats.

        Called once an image, with its places and then its labelled patches; not for an image
        without either. D is the same for all images.
        """
        del pool, patches
        raise MethodError(f"{case}: the class has no features; write them")

    def choose_by(
        self,
        features: np.ndarray,
        labelled: np.ndarray,
        patches: Sequence[Patch],
        pool: PoolView,
        n: int,
    ) -> Sequence[int]:
        """Indices of the ``n`` places to query; by default `farthest_first` from the labelled.

        Args:
            features: features of all images' places, ``(N, D)``, by case id.
            labelled: features of the labelled patches, ``(M, D)``, by case id, then in the
                order of ``pool.labelled_in``; M may be 0.
            patches: the N places.
            pool: the pool.
            n: number of places, at most N.
        """
        del pool
        return farthest_first(features, labelled, n, overlapping(patches))

    def query(self, pool: PoolView, n: int) -> list[Patch]:
        """Choose ``n`` of the images' places by their features.

        Raises:
            MethodError: if there are fewer, or the features aren't finite or differ in D.
        """
        images = pool.map(lambda case: self._described(pool, case))
        patches = [patch for image in images for patch in image.patches]
        if len(patches) < n:
            raise MethodError(
                f"{len(patches)} candidates for {n} patches, from {len(pool.cases)} images; "
                "query fewer patches or allow more candidates"
            )
        features = _joined([image.features for image in images])
        labelled = _joined([image.labelled for image in images])
        labelled = labelled if len(labelled) else features[:0]
        del images
        return [patches[index] for index in self.choose_by(features, labelled, patches, pool, n)]

    def _described(self, pool: PoolView, case: str) -> _Image:
        found, labelled = list(self.places(pool, case)), pool.labelled_in(case)
        every = [*found, *labelled]
        if not every:
            return _Image([], np.empty((0, 0)), np.empty((0, 0)))
        features = _checked(case, self.features(pool, case, every), len(every))
        return _Image(found, features[: len(found)], features[len(found) :])


def _checked(case: str, features: object, count: int) -> np.ndarray:
    """Features as an array ``(count, D)`` of floats, kept in their precision."""
    array = plain_array(features)
    if array.ndim != _AXES or len(array) != count or array.dtype.kind not in "fiub":
        raise MethodError(
            f"{case}: the features have shape {array.shape} and type {array.dtype}; return one "
            f"row of real numbers for each of {count} patches"
        )
    if not np.isfinite(array).all():
        raise MethodError(f"{case}: the features are NaN or infinite")
    return array if array.dtype == np.float32 else array.astype(np.float64)


def _joined(features: Sequence[np.ndarray]) -> np.ndarray:
    """The rows of all images, ``(N, D)``."""
    some = [rows for rows in features if len(rows)]
    widths = sorted({rows.shape[1] for rows in some})
    if len(widths) > 1:
        raise MethodError(
            f"the images' features have {widths[0]} to {widths[-1]} columns; they must agree"
        )
    return np.concatenate(some) if some else np.empty((0, 0))
