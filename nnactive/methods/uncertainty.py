"""Methods that query where the ensemble is uncertain."""

from typing import TYPE_CHECKING

from nnactive.methods.base import QueryMethod
from nnactive.query.prediction import Need, Prediction
from nnactive.query.scores import entropy, mutual_information

if TYPE_CHECKING:
    from torch import Tensor


class PredictiveEntropy(QueryMethod):
    """Highest mean predictive entropy of the ensemble's mean prediction.

    ``H[p] = -sum_c p_c ln p_c`` per voxel, with ``p`` the mean over the members, ``(C, Z, Y, X)``
    to ``(Z, Y, X)``. Shannon 1948, https://doi.org/10.1002/j.1538-7305.1948.tb01338.x; protocol
    section 5.
    """

    name = "predictive_entropy"
    reference = "Shannon 1948, https://doi.org/10.1002/j.1538-7305.1948.tb01338.x"

    def score(self, prediction: Prediction) -> "Tensor":
        """``H[p]`` in nats, ``(Z, Y, X)``."""
        return entropy(prediction.mean)


class ExpectedEntropy(QueryMethod):
    """Highest mean of the members' own predictive entropies.

    ``mean_m H[p_m]`` per voxel, with ``p_m`` each member's probabilities, ``(C, Z, Y, X)`` to ``(Z,
    Y, X)``: the part of the predictive entropy that bald subtracts. Gal et al. 2017,
    https://doi.org/10.48550/arXiv.1703.02910; protocol section 5.
    """

    name = "expected_entropy"
    reference = "Gal et al. 2017, https://doi.org/10.48550/arXiv.1703.02910"
    needs = frozenset({Need.EXPECTED_ENTROPY})

    def score(self, prediction: Prediction) -> "Tensor":
        """``mean_m H[p_m]`` in nats, ``(Z, Y, X)``."""
        return prediction.expected_entropy


class Bald(QueryMethod):
    """Highest mean mutual information between a voxel's label and the ensemble member.

    ``H[p] - mean_m H[p_m]`` per voxel, clipped at 0, with ``p`` the mean over the members ``p_m``,
    ``(C, Z, Y, X)`` to ``(Z, Y, X)``. Houlsby et al. 2011,
    https://doi.org/10.48550/arXiv.1112.5745; protocol section 5.
    """

    name = "bald"
    reference = "Houlsby et al. 2011, https://doi.org/10.48550/arXiv.1112.5745"
    needs = frozenset({Need.MEAN, Need.EXPECTED_ENTROPY})

    def score(self, prediction: Prediction) -> "Tensor":
        """Mutual information in nats, ``(Z, Y, X)``."""
        return mutual_information(prediction.mean, prediction.expected_entropy)
