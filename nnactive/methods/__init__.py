"""Query methods: the contract, the parts to build one from, and the built-in ones."""

from nnactive.methods.base import (
    Candidate,
    MethodError,
    Oracle,
    Patch,
    PoolView,
    Prediction,
    QueryMethod,
    best_patches,
    best_places,
    checked_score,
    entropy,
    expected_entropy,
    mutual_information,
    patch_means,
    top,
)
from nnactive.methods.random import Random, RandomForeground66
from nnactive.methods.uncertainty import Bald, PredictiveEntropy

__all__ = [
    "BUILTIN",
    "Candidate",
    "MethodError",
    "Oracle",
    "Patch",
    "PoolView",
    "Prediction",
    "QueryMethod",
    "best_patches",
    "best_places",
    "checked_score",
    "entropy",
    "expected_entropy",
    "mutual_information",
    "patch_means",
    "top",
]

BUILTIN: dict[str, type[QueryMethod]] = {
    method.name: method for method in (Random, RandomForeground66, PredictiveEntropy, Bald)
}
"""The methods that come with the benchmark, by name."""
