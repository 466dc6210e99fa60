"""The ensemble's prediction for one image, accumulated from its members one at a time."""

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from math import isnan
from typing import TYPE_CHECKING

from nnactive.errors import MethodError, NnactiveError, PredictionError
from nnactive.query.scores import entropy

if TYPE_CHECKING:
    from torch import Tensor

TOLERANCE = 1e-3
"""Largest deviation from 1 of the sum of a voxel's probabilities."""

_AXES = 4


class Need(StrEnum):
    """What a method can declare in ``needs``; a plain string of the same value is equal to it."""

    MEAN = "mean"
    """``prediction.mean``: the members' mean probabilities."""
    EXPECTED_ENTROPY = "expected_entropy"
    """``prediction.expected_entropy``: the mean of the members' entropies."""
    EMBEDDING = "embedding"
    """``pool.embed``: the network's features of patches."""
    FEATURES = "features"
    """``pool.features``: features of any stage of the network, of patches or per voxel."""
    NETWORK = "network"
    """``pool.network``: the network of each member, for gradients and dropout."""
    MEMBERS = "members"
    """``prediction.members()`` and nothing else: each member's probabilities."""
    HISTORY = "history"
    """``pool.history[t].predict``: the other needs from the ensembles of earlier loops, too."""


FOLDED = frozenset({Need.MEAN, Need.EXPECTED_ENTROPY})
"""Needs that are folded from the members' probabilities; without any, no prediction is made."""


class Prediction:
    """Prediction of the ensemble for one image; tensors are float32.

    It holds only what the method declares in ``needs``; the members are predicted again whenever
    `members` is called.
    """

    def __init__(
        self,
        case: str,
        mean: "Tensor | None",
        expected_entropy: "Tensor | None",
        members: "Callable[[], Iterable[Tensor]]",
    ) -> None:
        self.case = case
        self._mean = mean
        self._expected_entropy = expected_entropy
        self._members = members

    @property
    def mean(self) -> "Tensor":
        """Mean over the members of their softmax probabilities, ``(C, Z, Y, X)``."""
        return self._declared(Need.MEAN, self._mean)

    @property
    def expected_entropy(self) -> "Tensor":
        """Mean over the members of their predictive entropy in nats, ``(Z, Y, X)``."""
        return self._declared(Need.EXPECTED_ENTROPY, self._expected_entropy)

    def members(self) -> "Iterator[Tensor]":
        """Softmax probabilities of each member in turn, ``(C, Z, Y, X)``, predicted again."""
        return _checked(self.case, self._members())

    def _declared(self, need: Need, value: "Tensor | None") -> "Tensor":
        if value is None:
            raise MethodError(
                f"{self.case}: prediction.{need} requires '{need}' in the class's needs"
            )
        return value


def fold(
    case: str,
    members: "Callable[[], Iterable[Tensor]]",
    needs: frozenset[str],
    *,
    fresh: bool = False,
) -> Prediction:
    """Fold the members into running sums in one pass; no two members are in memory at once.

    Beside the current member it takes C + 2 volumes of float32, and C more if members aren't
    float32.

    Args:
        case: case id, for messages.
        members: starts a pass over the members' softmax probabilities, each ``(C, Z, Y, X)``.
        needs: which of ``mean`` and ``expected_entropy`` to compute; without either, no pass is
            made.
        fresh: whether the members exist for this pass alone, so that their memory may be reused;
            otherwise they are left unchanged.

    Raises:
        PredictionError: if a voxel's probabilities are NaN, infinite, negative, or off 1 in their
            sum by more than 1e-3; if members differ in shape.
        NnactiveError: if there are no members.
    """
    total: Tensor | None = None
    entropies: Tensor | None = None
    count = 0
    for member in _checked(case, members()) if needs & FOLDED else ():
        count += 1
        if Need.EXPECTED_ENTROPY in needs:
            added = entropy(member)
            entropies = added if entropies is None else entropies.add_(added)
            del added
        if Need.MEAN in needs:
            if total is None:
                total = member if fresh else member.clone()
            else:
                total.add_(member)
        del member  # free it before the next one is predicted
    if needs & FOLDED and not count:
        raise NnactiveError(f"{case}: the ensemble has no members; train its folds first")
    return Prediction(
        case,
        None if total is None else total.div_(count),
        None if entropies is None else entropies.div_(count),
        members,
    )


def _checked(case: str, members: "Iterable[Tensor]") -> "Iterator[Tensor]":
    """Members as float32, checked to be probability distributions."""
    import torch

    shape: torch.Size | None = None
    number = -1
    for member in members:  # enumerate would keep the previous one alive
        number += 1
        probabilities = member.detach().to(torch.float32)
        del member
        shape = probabilities.shape if shape is None else shape
        if probabilities.ndim != _AXES or probabilities.shape != shape:
            raise PredictionError(
                f"{case}: member {number} has probabilities of shape {tuple(probabilities.shape)}, "
                f"expected {tuple(shape)} as (C, Z, Y, X)"
            )
        _check_distribution(case, number, probabilities)
        yield probabilities
        del probabilities


def _check_distribution(case: str, number: int, probabilities: "Tensor") -> None:
    """Refuse anything but a probability distribution; takes one volume of memory."""
    lowest = probabilities.min().item()
    off = probabilities.sum(dim=0).sub_(1).abs_().max().item()
    # Phrased so that NaN, whose comparisons are all false, is refused.
    if off <= TOLERANCE and lowest >= 0:
        return
    if isnan(lowest):
        cause = "contains NaN"
    elif float("inf") in {off, -lowest}:
        cause = "contains infinite values"
    elif lowest < 0:
        cause = f"contains negative values, {lowest:.3g}"
    else:
        cause = f"sums deviate from 1 by {off:.3g}"
    raise PredictionError(
        f"{case}: member {number}'s output is not a probability distribution ({cause}); "
        "its training diverged, train that fold again"
    )
