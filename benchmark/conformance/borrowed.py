"""Borrowed predictions: which ones a method still holds, even if only through a view of a part."""

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
class BorrowedPredictions:
    """Predictions lent to a method.

    One counts as held while it exists, or any tensor or array that shares its memory.
    """

    allowed: int
    """How many may be held while the next is made."""
    copies: bool
    """Whether to keep a copy of each, to detect changes."""
    copied: list[tuple[str, "Tensor", "Tensor"]] = field(default_factory=list)
    """Name, tensor and its copy."""
    excesses: list[int] = field(default_factory=list)
    """How many were held while the next was made, each time that exceeded ``allowed``."""
    _all: list[References] = field(default_factory=list)

    def count(self, beside: int = 0) -> None:
        """Note how many are held, before the next is made.

        Args:
            beside: how many more each may be compared with: that of another image, with its own.
        """
        allowed = self.allowed * (1 + beside)
        if self._held() > allowed:
            gc.collect()
            held = self._held()
            if held > allowed:
                self.excesses.append(held)

    def lend(self, prediction: Prediction, needs: frozenset[str]) -> Prediction:
        """The prediction in a form that tracks what the method holds of it."""
        for name in sorted(needs & FOLDED if self.copies else ()):
            tensor = getattr(prediction, name)
            what = f"prediction.{name} of case {prediction.case}"
            self.copied.append((what, tensor, tensor.clone()))
        references: References = []
        borrowed = _BorrowedPrediction(prediction, references)
        references.append(weakref.ref(borrowed))
        self._all.append(references)
        return borrowed

    def _held(self) -> int:
        return sum(any(each() is not None for each in references) for references in self._all)


class _BorrowedPrediction(Prediction):
    """Shows a prediction's tensors and records each that it gives away."""

    def __init__(self, inner: Prediction, references: References) -> None:
        self.case = inner.case
        self._inner = inner
        self._references = references

    @property
    def mean(self) -> "Tensor":
        return self._recorded(self._inner.mean)

    @property
    def expected_entropy(self) -> "Tensor":
        return self._recorded(self._inner.expected_entropy)

    def members(self) -> "Iterator[Tensor]":
        return map(self._recorded, self._inner.members())

    def _recorded(self, tensor: "Tensor") -> "Tensor":
        """The same memory, owned by an array that lives as long as any view of the tensor."""
        import torch

        owner = tensor.numpy()
        self._references.append(weakref.ref(owner))
        return torch.from_numpy(owner)
