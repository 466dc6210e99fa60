"""Learning loss, after the fact: a small head learns which features had a high loss."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from nnactive.methods import FeatureMethod, Patch, PoolView, greedy, measure, overlapping


class LossPredictor(FeatureMethod):
    """Highest predicted loss, by a head trained in the query on the labelled patches.

    The paper trains the head together with the network; here the network is done before.
    """

    name = "loss_predictor"
    reference = "Yoo & Kweon 2019, https://doi.org/10.48550/arXiv.1905.03677"
    needs = frozenset({"mean", "features"})

    def features(self, pool: PoolView, case: str, patches: list[Patch]) -> np.ndarray:
        """The decoder's last features, averaged over each patch."""
        return pool.features(case, "decoder.-1", patches)

    def choose_by(
        self,
        features: np.ndarray,
        labelled: np.ndarray,
        patches: Sequence[Patch],
        pool: PoolView,
        n: int,
    ) -> Sequence[int]:
        """Train the head with the paper's ranking loss over all pairs, then take the highest."""
        known = [patch for case in pool.cases for patch in pool.labelled_in(case)]
        losses = torch.from_numpy(measure(pool, known, lambda case, some: loss(pool, case, some)))
        mean, std = labelled.mean(0), labelled.std(0) + 1e-6
        inputs, unlabelled = (torch.from_numpy((f - mean) / std) for f in (labelled, features))
        with pool.torch_rng("head"):
            head = nn.Sequential(nn.Linear(len(mean), 16), nn.ReLU(), nn.Linear(16, 1))
        adam = torch.optim.Adam(head.parameters(), lr=0.01)
        signs = (losses[:, None] - losses).sign()
        for _ in range(200):
            adam.zero_grad()
            predicted = head(inputs)
            (1 - signs * (predicted - predicted.T)).relu().mean().backward()
            adam.step()
        return greedy(head(unlabelled)[:, 0].detach().numpy(), n, overlapping(patches))


def loss(pool: PoolView, case: str, patches: list[Patch]) -> np.ndarray:
    """Cross-entropy of the ensemble's mean in labelled patches of one image."""
    mean, found = pool.predict(case).mean.cpu(), []
    for patch in patches:
        labels = torch.from_numpy(pool.labels_in(patch).astype(np.int64))
        right = mean[:, *patch.slices].gather(0, labels[None]).clamp_min(1e-6)
        found.append(-float(right.log().mean()))
    return np.array(found)
