"""Query and start methods: the contract, the parts to build one from, and the built-in methods."""

from nnactive.errors import MethodError
from nnactive.geometry import Patch
from nnactive.methods.base import QueryMethod
from nnactive.methods.batches import StochasticBatches
from nnactive.methods.coreset import Coreset
from nnactive.methods.noisy import PowerBald, PowerPredictiveEntropy, SoftrankBald
from nnactive.methods.parts.distances import farthest_first, kmeans_plus_plus
from nnactive.methods.parts.features import FeatureMethod
from nnactive.methods.parts.greedy import greedy, overlapping
from nnactive.methods.parts.places import measure, places
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
from nnactive.pool.features import FeatureTile, VoxelFeatures
from nnactive.pool.history import PastLoop
from nnactive.pool.info import PoolInfo
from nnactive.pool.network import LentNetwork
from nnactive.pool.view import Oracle, PoolView
from nnactive.pool.window import SlidingWindow, Tile
from nnactive.query.noise import power, softrank
from nnactive.query.patch_means import patch_means
from nnactive.query.prediction import Need, Prediction
from nnactive.query.scores import entropy, expected_entropy, mutual_information
from nnactive.query.selection import Candidate, best_patches, best_places, checked_score, top

__all__ = [
    "BUILTIN",
    "STARTS",
    "Candidate",
    "FeatureMethod",
    "FeatureTile",
    "LentNetwork",
    "MethodError",
    "Need",
    "Oracle",
    "PastLoop",
    "Patch",
    "PoolInfo",
    "PoolView",
    "Prediction",
    "QueryMethod",
    "SlidingWindow",
    "StartMethod",
    "Tile",
    "VoxelFeatures",
    "best_patches",
    "best_places",
    "checked_score",
    "entropy",
    "expected_entropy",
    "farthest_first",
    "greedy",
    "kmeans_plus_plus",
    "measure",
    "mutual_information",
    "overlapping",
    "patch_means",
    "places",
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

TITLES: dict[str, str] = {
    "random": "Random",
    "random_fg33": "Random 33 % FG",
    "random_fg66": "Random 66 % FG",
    "predictive_entropy": "Predictive Entropy",
    "expected_entropy": "Expected Entropy",
    "bald": "BALD",
    "power_bald": "PowerBALD",
    "power_pe": "PowerPE",
    "softrank_bald": "SoftrankBALD",
    "cla_pe_33": "Cla PE 33 %",
    "cla_pe_66": "Cla PE 66 %",
    "clap_pe": "ClaP PE",
    "clasp_pe": "ClaSP PE",
    "stochastic_batches": "Stochastic Batches",
    "random_strided": "Random Strided",
    "coreset": "Core-Set",
    Foreground33.name: "Protocol start",
    "random_start": "Random start",
    "typiclust": "TypiClust",
}
"""What the papers call the built-in methods and starts, and readers see, by name."""
