"""The ensemble's prediction for one image, folded from its members one at a time."""

from collections.abc import Callable, Iterable, Iterator
from math import isnan
from typing import TYPE_CHECKING

from nnactive.errors import MethodError, NnactiveError, PredictionError
from nnactive.query.scores import entropy

if TYPE_CHECKING:
    from torch import Tensor

TOLERANCE = 1e-3
"""How far a voxel's probabilities may be from adding up to 1."""

FOLDED = frozenset({"mean", "expected_entropy"})
"""What a prediction can hold; for none of these the ensemble isn't asked."""

_AXES = 4


class Prediction:
    """Prediction of the ensemble for one image; tensors are float32.

    It holds what the method declared in `needs` and nothing else; the members themselves are
    predicted anew when asked for.
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
        return self._declared("mean", self._mean)

    @property
    def expected_entropy(self) -> "Tensor":
        """Mean over the members of their predictive entropy in nats, ``(Z, Y, X)``."""
        return self._declared("expected_entropy", self._expected_entropy)

    def members(self) -> "Iterator[Tensor]":
        """Softmax probabilities of one member at a time, ``(C, Z, Y, X)``, predicted anew."""
        return _checked(self.case, self._members())

    def _declared(self, name: str, value: "Tensor | None") -> "Tensor":
        if value is None:
            raise MethodError(
                f"{self.case}: prediction.{name} wasn't asked for; "
                f"add '{name}' to what the class needs"
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

    Above the member handed in it takes C + 2 volumes of float32, and C more where members aren't
    float32.

    Args:
        case: case id, for messages.
        members: starts a pass over the members' softmax probabilities, each ``(C, Z, Y, X)``.
        needs: which of ``mean`` and ``expected_entropy`` to compute; without any, no pass is made.
        fresh: the members are made for this pass alone, so that their memory may be used on; else
            they stay as they are.

    Raises:
        PredictionError: for probabilities that are NaN, infinite, negative, or don't add up to 1
            within 1e-3 in some voxel; for members of different shapes.
        NnactiveError: for no members.
    """
    total: Tensor | None = None
    entropies: Tensor | None = None
    count = 0
    for member in _checked(case, members()) if needs & FOLDED else ():
        count += 1
        if "expected_entropy" in needs:
            added = entropy(member)
            entropies = added if entropies is None else entropies.add_(added)
            del added
        if "mean" in needs:
            if total is None:
                total = member if fresh else member.clone()
            else:
                total.add_(member)
        del member  # before the next one is predicted
    if needs & FOLDED and not count:
        raise NnactiveError(f"{case}: the ensemble has no member; train its folds first")
    return Prediction(
        case,
        None if total is None else total.div_(count),
        None if entropies is None else entropies.div_(count),
        members,
    )


def _checked(case: str, members: "Iterable[Tensor]") -> "Iterator[Tensor]":
    """Members as float32, each refused if it isn't a probability distribution."""
    import torch

    shape: torch.Size | None = None
    number = -1
    for member in members:  # enumerate would keep the one before alive
        number += 1
        probabilities = member.detach().to(torch.float32)
        del member
        shape = probabilities.shape if shape is None else shape
        if probabilities.ndim != _AXES or probabilities.shape != shape:
            raise PredictionError(
                f"{case}: member {number} has probabilities of shape {tuple(probabilities.shape)}, "
                f"expected {tuple(shape)} as (C, Z, Y, X)"
            )
        _refuse_other_than_probabilities(case, number, probabilities)
        yield probabilities
        del probabilities


def _refuse_other_than_probabilities(case: str, number: int, probabilities: "Tensor") -> None:
    """One volume is all the memory that it takes."""
    lowest = probabilities.min().item()
    off = probabilities.sum(dim=0).sub_(1).abs_().max().item()
    # Written so that NaN, for which every comparison is false, is refused.
    if off <= TOLERANCE and lowest >= 0:
        return
    if isnan(lowest):
        cause = "NaN"
    elif float("inf") in {off, -lowest}:
        cause = "infinite"
    elif lowest < 0:
        cause = f"negative, {lowest:.3g}"
    else:
        cause = f"off 1 by {off:.3g} in their sum"
    raise PredictionError(
        f"{case}: member {number} predicts what are no probabilities ({cause}); "
        "its training diverged, train that fold again"
    )
