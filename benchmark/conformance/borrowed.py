"""Which predictions a method still holds, be it through a view of a part of them."""

import gc
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nnactive.query.prediction import FOLDED, Prediction

if TYPE_CHECKING:
    from torch import Tensor

References = list["weakref.ref[Any]"]


@dataclass
class Lent:
    """Predictions handed to a method.

    One counts as held as long as it is there, or a tensor or array that shares its memory.
    """

    allowed: int
    """How many may be held when another is made."""
    copies: bool
    """Whether to keep a copy of each."""
    handed: list[tuple[str, "Tensor", "Tensor"]] = field(default_factory=list)
    """Name, tensor and copy."""
    hoards: list[int] = field(default_factory=list)
    """How many were held when another was made, where that is more than allowed."""
    _all: list[References] = field(default_factory=list)

    def begin(self) -> None:
        """Another is made now: note how many are held."""
        if self._held() > self.allowed:
            gc.collect()
            held = self._held()
            if held > self.allowed:
                self.hoards.append(held)

    def out(self, prediction: Prediction, needs: frozenset[str]) -> Prediction:
        """A prediction as it is handed to the method."""
        for name in sorted(needs & FOLDED if self.copies else ()):
            tensor = getattr(prediction, name)
            what = f"prediction.{name} of case {prediction.case}"
            self.handed.append((what, tensor, tensor.clone()))
        references: References = []
        lent = _LentPrediction(prediction, references)
        references.append(weakref.ref(lent))
        self._all.append(references)
        return lent

    def _held(self) -> int:
        return sum(any(each() is not None for each in references) for references in self._all)


class _LentPrediction(Prediction):
    """Shows a prediction's tensors, and notes each that it gives away."""

    def __init__(self, inner: Prediction, references: References) -> None:
        self.case = inner.case
        self._inner = inner
        self._references = references

    @property
    def mean(self) -> "Tensor":
        return self._noted(self._inner.mean)

    @property
    def expected_entropy(self) -> "Tensor":
        return self._noted(self._inner.expected_entropy)

    def members(self) -> "Iterator[Tensor]":
        return map(self._noted, self._inner.members())

    def _noted(self, tensor: "Tensor") -> "Tensor":
        """The same memory, owned by an array: that lives as long as any view of the tensor."""
        import torch

        owner = tensor.numpy()
        self._references.append(weakref.ref(owner))
        return torch.from_numpy(owner)
