"""Stands in for what the protocol leaves to chance: seeds a process' random streams."""

import importlib.util
import random
import sys

import numpy as np

SEED = 7


class SeedTorch:
    """Seeds torch once it is imported, as many processes never do."""

    def find_spec(self, name, path=None, target=None):
        if name != "torch":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        run = spec.loader.exec_module

        def exec_module(module):
            run(module)
            module.manual_seed(SEED)
            module.seed = lambda: module.manual_seed(SEED)

        spec.loader.exec_module = exec_module
        return spec


def fixed(seed):
    """What seeds a stream, with a number instead of chance as its default."""
    return lambda number=SEED: seed(number)


for module in (random, np.random):  # the streams that nnU-Net draws from
    module.seed = fixed(module.seed)
    module.seed()
sys.meta_path.insert(0, SeedTorch())
