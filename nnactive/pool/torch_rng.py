"""A seeded torch generator, and a context in which torch draws from it by default."""

import threading
from contextlib import ExitStack
from typing import Self

import torch

from nnactive.devices import gpus_in_use, seed_gpus
from nnactive.pool.guards import holding

_turn = threading.RLock()
"""Torch's global generators belong to the process, so one thread at a time replaces them."""


class TorchRng(torch.Generator):
    """A torch generator on the CPU; inside ``with`` it takes the place of torch's global one.

    Pass it as ``generator=`` where torch takes one. Whatever takes none, such as building a module
    (``torch.nn.Linear(8, 1)`` draws its weights) or ``torch.nn.functional.dropout``, belongs inside
    ``with``; there its draws continue this generator's. The global generators, those of GPUs
    included, are as before afterwards. Other threads wait at their ``with`` meanwhile, so keep the
    block short.
    """

    def __new__(cls, seed: int) -> Self:
        """A generator of this class on the CPU."""
        del seed
        made: Self = torch.Generator.__new__(cls, device="cpu")  # type: ignore[call-arg]
        return made

    def __init__(self, seed: int) -> None:
        """Start at ``seed``."""
        super().__init__()
        self.manual_seed(seed)
        self._blocks: list[ExitStack] = []

    def __enter__(self) -> Self:
        """Replace the global generators until the block ends."""
        with ExitStack() as block:
            block.enter_context(_turn)
            block.enter_context(holding("pool.torch_rng"))
            gpus = gpus_in_use()
            block.enter_context(torch.random.fork_rng(devices=list(range(gpus))))
            if gpus:
                seed_gpus(int(torch.randint(2**62, (), generator=self)))
            torch.default_generator.set_state(self.get_state())
            self._blocks.append(block.pop_all())
        return self

    def __exit__(self, *_: object) -> None:
        """Continue from here next time; put the global generators back."""
        self.set_state(torch.default_generator.get_state())
        self._blocks.pop().close()
