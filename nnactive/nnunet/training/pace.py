"""When to save a checkpoint: so often that a kill loses little, so rarely that it costs little."""

import time
from collections.abc import Callable
from typing import Final

EPOCHS: Final = 10
"""Epochs that a kill may lose, at most."""
SHARE: Final = 0.02
"""Share of the time that saving may take, unless the epochs demand it."""
SOONEST: Final = 10.0
LATEST: Final = 300.0
"""Seconds of work that a kill may lose, at least and at most."""


class Pace:
    """Decides when a checkpoint is due, from what earlier ones cost."""

    def __init__(self, epoch: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin at an epoch, with everything before it saved.

        Args:
            epoch: epochs that are done.
            clock: seconds.
        """
        self._clock = clock
        self._saved, self._epoch = clock(), epoch
        self._cost = 0.0

    def due(self, epoch: int) -> bool:
        """Whether to save now, with ``epoch`` epochs done."""
        return epoch - self._epoch >= EPOCHS or self._since() >= min(
            max(SOONEST, self._cost / SHARE), LATEST
        )

    def worth(self) -> bool:
        """Whether saving takes a small share of the time that it saves, as at the end."""
        return self._cost > 0 and self._since() >= self._cost / SHARE

    def saved(self, epoch: int, began: float) -> None:
        """Note a checkpoint of ``epoch`` done epochs that was begun at ``began``."""
        self._saved, self._epoch = self._clock(), epoch
        self._cost = self._saved - began

    def now(self) -> float:
        """The clock's seconds."""
        return self._clock()

    def _since(self) -> float:
        return self._clock() - self._saved
