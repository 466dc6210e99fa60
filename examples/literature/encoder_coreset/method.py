"""Core-Set on the features of an encoder that comes with the method as a file of weights."""

import torch

from nnactive.methods import FeatureMethod, Patch, PoolView

from .encoder import Encoder


class EncoderCoreset(FeatureMethod):
    """Greedy k-centre by an encoder's features of patches; no network of the benchmark runs.

    The weights in ``encoder.pt`` are random: it stands in for a foundation model's encoder, whose
    class and file take its place.
    """

    name = "encoder_coreset"
    reference = "Sener & Savarese 2018, https://openreview.net/forum?id=H1aIuk-RW"
    needs = frozenset()

    def features(self, pool: PoolView, case: str, patches: list[Patch]) -> torch.Tensor:
        """The encoder's features of each patch, ``(len(patches), 32 * C)``."""
        weights = torch.load(pool.file("encoder.pt"), weights_only=True)
        with pool.torch_rng("encoder"):  # building a module draws its weights
            encoder = Encoder()
        encoder.load_state_dict(weights)
        encoder.to(pool.device).eval()
        image = torch.tensor(pool.image(case))
        with torch.no_grad():
            parts = (image[:, None, *patch.slices].to(pool.device) for patch in patches)
            return torch.stack([encoder(part).flatten() for part in parts])
