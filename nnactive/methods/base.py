"""The contract of a query method, and the pipeline that all methods share."""

from collections.abc import Iterable
from inspect import signature
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import ValidationError

from nnactive.errors import MethodError
from nnactive.geometry import Patch
from nnactive.io.files import first_problem
from nnactive.methods.parameters import ParametersBase
from nnactive.pool.view import PoolView
from nnactive.query.patch_means import patch_means
from nnactive.query.prediction import Need, Prediction
from nnactive.query.selection import Candidate, best_places, checked_score, top

if TYPE_CHECKING:
    from torch import Tensor


class Method:
    """What query methods and start methods have in common: a name, a source, parameters."""

    name: ClassVar[str] = "Method"
    """Name on the leaderboard; the class's own name unless it sets one."""
    reference: ClassVar[str] = ""
    """Where it was published: authors, year and a link, shown on the leaderboard."""
    oracle: ClassVar[bool] = False
    """Whether the method uses ground truth (``pool.oracle``); every result says so."""

    class Parameters(ParametersBase):
        """The method's parameters: none by default; a method declares its own class of this name.

        Each field has a type, a default and, if needed, limits (pydantic's ``Field``).
        """

    parameters: Parameters

    def __init__(self, **parameters: Any) -> None:
        """Make the method with ``parameters``; the others have their defaults.

        Raises:
            MethodError: if a parameter is unknown, or its type or value is wrong.
        """
        self.Parameters.check(self.name)
        try:
            self.parameters = self.Parameters(**parameters)
        except ValidationError as error:
            known = ", ".join(self.Parameters.model_fields) or "none"
            raise MethodError(
                f"{self.name}: {first_problem(error)}; its parameters: {known}"
            ) from None

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "name" not in cls.__dict__:
            cls.name = cls.__name__
        if "reference" not in cls.__dict__:
            cls.reference = ""


class QueryMethod(Method):
    """Base class of all query methods: write `score`, or replace any later part.

    The parts, in order: `score` per voxel, the mean over the query patch, `patch_score` (noise, for
    example), `candidates` of one image, `choose` among those of all images; `query` is the whole.
    """

    needs: ClassVar[frozenset[str]] = frozenset({Need.MEAN})
    """What it uses of the ensemble, as `Need` or as plain strings; nothing else is computed."""

    def score(self, prediction: Prediction) -> "Tensor | np.ndarray":
        """Finite score of each voxel of an image, ``(Z, Y, X)``; higher is more worth labelling."""
        raise MethodError(f"{prediction.case}: the class has neither score nor query; write one")

    def patch_score(
        self, means: np.ndarray, pool: PoolView, rng: np.random.Generator
    ) -> np.ndarray:
        """Score of each grid position from the mean over its patch; by default that mean.

        ``-inf`` ranks last; NaN and ``inf`` are refused. Draws come from ``rng``, which belongs to
        the image (and stratum) alone. A class whose ``patch_score`` has one more parameter,
        ``prediction``, gets the image's `Prediction` in it, which stays in memory until then.

        Args:
            means: float64, one value for each start ``0, s, 2s, ... <= size - patch`` of an axis.
            pool: the pool.
            rng: source of noise.

        Returns:
            An array of the same shape.
        """
        del pool, rng
        return means

    def limit(self, pool: PoolView) -> int:
        """Maximum number of patches that one image puts forward."""
        return pool.candidates

    def candidates(self, pool: PoolView, case: str) -> list[Candidate]:
        """What one image puts forward: its best positions, chosen greedily."""
        prediction = pool.predict(case)
        score, kept = self.score(prediction), self.kept(prediction)
        del prediction
        rng = pool.rng("noise", case)
        return self.best_of_image(
            score, pool, case, pool.labelled_in(case), self.limit(pool), rng, **kept
        )

    def kept(self, prediction: Prediction) -> dict[str, Prediction]:
        """What `best_of_image` needs of a prediction by keyword: nothing if `patch_score` doesn't.

        So the prediction's memory is free before the patch means are computed.
        """
        asks = "prediction" in signature(self.patch_score).parameters
        return {"prediction": prediction} if asks else {}

    def best_of_image(
        self,
        score: "Tensor | np.ndarray",
        pool: PoolView,
        case: str,
        taken: Iterable[Patch] | None = None,
        limit: int | None = None,
        rng: np.random.Generator | None = None,
        **kept: Prediction,
    ) -> list[Candidate]:
        """From a voxel score to an image's best patches: mean, `patch_score`, greedy choice.

        Args:
            score: score of each voxel, ``(Z, Y, X)``.
            pool: the pool.
            case: case id.
            taken: patches that must not be overlapped; by default the image's labelled ones.
            limit: maximum number of candidates; by default `limit` of the pool.
            rng: source of the noise; by default the image's stream ``noise``.
            kept: ``**self.kept(prediction)``, if `patch_score` may ask for the prediction.
        """
        checked = checked_score(case, score, pool.shape(case))
        del score
        means = patch_means(checked, pool.patch_size, pool.stride)
        if not np.isfinite(means).all():
            raise MethodError(f"{case}: the score is too large to sum over a patch; scale it")
        taken = pool.labelled_in(case) if taken is None else taken
        limit = self.limit(pool) if limit is None else limit
        rng = pool.rng("noise", case) if rng is None else rng
        values = self.patch_score(means, pool, rng, **kept)
        return best_places(case, values, checked.shape, pool.patch_size, pool.stride, taken, limit)

    def choose(self, pool: PoolView, candidates: list[Candidate], n: int) -> list[Patch]:
        """The ``n`` best of all images' candidates; ties by case id, then start.

        Raises:
            MethodError: if there are fewer than ``n``.
        """
        if len(candidates) < n:
            raise MethodError(
                f"{len(candidates)} candidates for {n} patches, from {len(pool.cases)} images with "
                f"at most {self.limit(pool)} each; query fewer patches or allow more candidates"
            )
        return top(candidates, n)

    def query(self, pool: PoolView, n: int) -> list[Patch]:
        """Choose ``n`` patches that overlap neither labelled patches nor one another.

        By default `candidates` of each image, then `choose` (protocol section 5, "Aggregation",
        "Candidates per image").
        """
        found = pool.map(lambda case: self.candidates(pool, case))
        return self.choose(pool, [candidate for image in found for candidate in image], n)
