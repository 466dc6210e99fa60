"""Query and start methods: the contract, the parts to build one from, and the built-in methods."""

from nnactive.errors import MethodError
from nnactive.geometry import Patch
from nnactive.methods.base import QueryMethod
from nnactive.methods.batches import StochasticBatches
from nnactive.methods.coreset import Coreset
from nnactive.methods.noisy import PowerBald, PowerPredictiveEntropy, SoftrankBald
from nnactive.methods.random import (
    Random,
    RandomForeground33,
    RandomForeground66,
    RandomStrided,
)
from nnactive.methods.starts.base import StartMethod
from nnactive.methods.starts.simple import Foreground33, RandomStart
from nnactive.methods.starts.typiclust import TypiClust
from nnactive.methods.stratified import (
    ClassBalanced33,
    ClassBalanced66,
    ClassBalancedPower,
    ClassBalancedScheduledPower,
)
from nnactive.methods.uncertainty import Bald, ExpectedEntropy, PredictiveEntropy
from nnactive.pool.info import PoolInfo
from nnactive.pool.view import Oracle, PoolView
from nnactive.query.noise import power, softrank
from nnactive.query.patch_means import patch_means
from nnactive.query.prediction import Need, Prediction
from nnactive.query.scores import entropy, expected_entropy, mutual_information
from nnactive.query.selection import Candidate, best_patches, best_places, checked_score, top

__all__ = [
    "BUILTIN",
    "STARTS",
    "Candidate",
    "MethodError",
    "Need",
    "Oracle",
    "Patch",
    "PoolInfo",
    "PoolView",
    "Prediction",
    "QueryMethod",
    "StartMethod",
    "best_patches",
    "best_places",
    "checked_score",
    "entropy",
    "expected_entropy",
    "mutual_information",
    "patch_means",
    "power",
    "softrank",
    "top",
]

BUILTIN: dict[str, type[QueryMethod]] = {
    method.name: method
    for method in (
        Random,
        RandomForeground33,
        RandomForeground66,
        PredictiveEntropy,
        ExpectedEntropy,
        Bald,
        PowerBald,
        PowerPredictiveEntropy,
        SoftrankBald,
        ClassBalanced33,
        ClassBalanced66,
        ClassBalancedPower,
        ClassBalancedScheduledPower,
        StochasticBatches,
        RandomStrided,
        Coreset,
    )
}
"""The methods that come with the benchmark, by name."""

STARTS: dict[str, type[StartMethod]] = {
    method.name: method for method in (Foreground33, RandomStart, TypiClust)
}
"""The start methods that come with the benchmark, by name."""
