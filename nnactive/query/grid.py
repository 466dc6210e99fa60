"""The places of one image's grid of starts, and which of those still free is the best."""

from itertools import product

import numpy as np

BLOCK = (8, 8, 16)
"""Places per axis of a block: many enough that blocks are few, few enough to be scanned anew."""

_TAKEN = -np.inf
_WORST = float(np.finfo(np.float64).min)
"""Stands for a score of -inf, which ranks last but may be chosen."""
_UNKNOWN = -1


class Places:
    """Scores of a grid's places, kept so that the best free one is found without a full scan.

    The grid is cut into blocks, each with its best free score; taking places away refreshes the
    blocks that they lie in and no others. So the cost of a choice depends on the patch, hardly on
    the volume.
    """

    def __init__(self, values: np.ndarray) -> None:
        """Start with all places free.

        Args:
            values: score of each place, three axes; ``-inf`` ranks last. Not changed.
        """
        self.highest = float(values.max())
        """Highest score of all; NaN if there is one."""
        self._sides = tuple(min(b, n) for b, n in zip(BLOCK, values.shape, strict=True))
        counts = tuple(-(-n // b) for n, b in zip(values.shape, self._sides, strict=True))
        self._padded = tuple(c * b for c, b in zip(counts, self._sides, strict=True))
        # A block's scores lie side by side, in the grid's order.
        self._scores = np.empty((*counts, *self._sides))
        self._fill(values)
        self._best = self._best_of((slice(None),) * 3)
        self._first = np.full(counts, _UNKNOWN, dtype=np.int64)

    def best(self) -> tuple[int, int, int] | None:
        """The free place with the highest score, the first of equal ones; None if none is free."""
        score = self._best.max()
        if score == _TAKEN:
            return None
        tied = np.argwhere(self._best == score)
        # What lies in a deeper layer of blocks has a higher start.
        layer = tied[tied[:, 0] == tied[0, 0]]
        first = min(self._first_of(z, y, x) for z, y, x in layer.tolist())
        z, y, x = np.unravel_index(first, self._padded)
        return int(z), int(y), int(x)

    def take(self, places: tuple[slice, ...]) -> None:
        """Take a box of places away; its bounds may lie beyond the grid's end."""
        spans = [
            _by_block(place.start, min(place.stop, n), side)
            for place, n, side in zip(places, self._padded, self._sides, strict=True)
        ]
        for (z, inside_z), (y, inside_y), (x, inside_x) in product(*spans):
            self._scores[z, y, x, inside_z, inside_y, inside_x] = _TAKEN
        if all(spans):
            touched = tuple(slice(span[0][0].start, span[-1][0].stop) for span in spans)
            self._best[touched] = self._best_of(touched)
            self._first[touched] = _UNKNOWN

    def _fill(self, values: np.ndarray) -> None:
        (bz, by, bx), (_, height, width) = self._sides, self._padded
        for block, lower in enumerate(range(0, len(values), bz)):
            layer = np.full((bz, height, width), _TAKEN)
            there = values[lower : lower + bz]
            np.maximum(there, _WORST, out=layer[tuple(slice(n) for n in there.shape)])
            split = layer.reshape(bz, height // by, by, width // bx, bx)
            self._scores[block] = split.transpose(1, 3, 0, 2, 4)

    def _best_of(self, blocks: tuple[slice, ...]) -> np.ndarray:
        """Best score of each of some blocks."""
        flat = self._scores.reshape(*self._scores.shape[:3], -1)
        best: np.ndarray = flat[blocks].max(axis=-1)
        return best

    def _first_of(self, *block: int) -> int:
        """Number, in the grid's order, of the first place that has a block's best score."""
        if self._first[block] == _UNKNOWN:
            offset = np.unravel_index(self._scores[block].argmax(), self._sides)
            place = [
                number * side + int(o)
                for number, side, o in zip(block, self._sides, offset, strict=True)
            ]
            self._first[block] = np.ravel_multi_index(place, self._padded)
        return int(self._first[block])


def _by_block(start: int, stop: int, side: int) -> list[tuple[slice, slice]]:
    """Cut a range of places into whole blocks and parts of one: pairs of blocks, places inside."""
    if stop <= start:
        return []
    first, last = start // side, (stop - 1) // side
    if first == last:
        return [(slice(first, first + 1), slice(start - first * side, stop - first * side))]
    head, tail = start - first * side, stop - last * side
    return [
        (slice(first, first + 1), slice(head, side)),
        (slice(first + 1, last), slice(0, side)),
        (slice(last, last + 1), slice(0, tail)),
    ]
