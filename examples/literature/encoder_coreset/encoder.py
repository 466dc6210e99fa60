"""The encoder, and how its weights were made."""

from torch import Tensor, nn


class Encoder(nn.Sequential):
    """From channels as separate images, ``(C, 1, z, y, x)``, to 32 features of each."""

    def __init__(self) -> None:
        """Three convolutions and a mean over all voxels."""
        super().__init__(
            nn.Conv3d(1, 8, 3, padding=1),
            nn.ReLU(),
            nn.Conv3d(8, 16, 3, padding=1, stride=2),
            nn.ReLU(),
            nn.Conv3d(16, 32, 3, padding=1, stride=2),
            nn.ReLU(),
            nn.AdaptiveAvgPool3d(1),
            nn.Flatten(),
        )


def random_weights(seed: int) -> dict[str, Tensor]:
    """Weights that were never trained; ``encoder.pt`` has those of seed 0."""
    import torch

    torch.manual_seed(seed)
    return Encoder().state_dict()
