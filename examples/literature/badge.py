"""BADGE: patches whose gradients of the network's last layer are large and differ."""

from collections.abc import Sequence

import numpy as np
import torch

from nnactive.methods import FeatureMethod, Patch, PoolView, kmeans_plus_plus, overlapping


class Badge(FeatureMethod):
    """Gradients of the last layer if the network's own labels were right, drawn by k-means++.

    Of the first member, one for each random place: the mean over its voxels, ``(classes * D,)``.
    """

    name = "badge"
    reference = "Ash et al. 2020, https://arxiv.org/abs/1906.03671"
    needs = frozenset({"network"})

    def features(self, pool: PoolView, case: str, patches: list[Patch]) -> torch.Tensor:
        """Gradient embeddings of one image's patches, in one pass over its tiles."""
        image = pool.image(case)
        with pool.network(0) as net, torch.no_grad():
            inputs: list[torch.Tensor] = []  # of the last layer, which is linear in each voxel
            net.stage("decoder.-1").register_forward_hook(lambda *given: inputs.append(given[-1]))
            weights = torch.from_numpy(net.window(pool.shape(case)).weights).to(net.device)
            gradients = [torch.zeros(()).to(net.device)] * len(patches)
            totals = [torch.zeros(()).to(net.device)] * len(patches)
            for tile, data in net.tiles(image):
                p = net.module(data)[0].softmax(0)
                likely = torch.nn.functional.one_hot(p.argmax(0), len(p)).movedim(-1, 0)
                error, features = (p - likely) * weights, inputs.pop()[0]
                for i, patch in enumerate(patches):
                    part = within(patch, tile.box, tile.inner)
                    of_class, of_feature = error[:, *part].flatten(1), features[:, *part].flatten(1)
                    gradients[i] = gradients[i] + (of_class @ of_feature.T).flatten()
                    totals[i] = totals[i] + weights[part].sum()
            return torch.stack([g / w for g, w in zip(gradients, totals, strict=True)])

    def choose_by(
        self,
        features: np.ndarray,
        labelled: np.ndarray,
        patches: Sequence[Patch],
        pool: PoolView,
        n: int,
    ) -> Sequence[int]:
        """Draw each patch by its squared distance from those drawn before."""
        return kmeans_plus_plus(features, n, pool.rng("badge"), overlapping(patches))


def within(patch: Patch, box: Sequence[slice], inner: Sequence[slice]) -> tuple[slice, ...]:
    """A patch's voxels as indices of the tile that covers this box of the image; maybe none."""
    ends = zip(patch.slices, box, inner, strict=True)
    bounds = [(max(p.start, b.start), min(p.stop, b.stop), i.start - b.start) for p, b, i in ends]
    return tuple(slice(first + to, max(first, last) + to) for first, last, to in bounds)
