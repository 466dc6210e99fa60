"""BALD with dropout samples of one network in place of an ensemble."""

from typing import Annotated

import torch
from pydantic import Field

from nnactive.methods import Candidate, PoolView, QueryMethod, entropy, mutual_information


class McDropoutBald(QueryMethod):
    """Mutual information between label and dropout mask, in the first member's bottleneck.

    nnU-Net trains without dropout, so it is added to a network that doesn't know it.
    """

    name = "mc_dropout_bald"
    reference = "Gal et al. 2017, https://doi.org/10.48550/arXiv.1703.02910"
    needs = frozenset({"network"})

    class Parameters(QueryMethod.Parameters):
        """p (0.5): share of features dropped; samples (5): passes of the network."""

        p: Annotated[float, Field(gt=0, lt=1)] = 0.5
        samples: Annotated[int, Field(ge=2)] = 5

    parameters: Parameters

    def candidates(self, pool: PoolView, case: str) -> list[Candidate]:
        """The best of one image's positions, as every method finds them."""
        image, count = pool.image(case), self.parameters.samples
        mean, expected = torch.zeros(()), torch.zeros(())
        with pool.network(0) as net:
            net.dropout("encoder.-1", self.parameters.p, pool.torch_rng("dropout", case))
            for _ in range(count):
                sample = net.blend(image, lambda tile: net.module(tile)[0].softmax(0))
                mean = mean + sample / count
                expected = expected + entropy(sample) / count
        return self.best_of_image(mutual_information(mean, expected), pool, case)
