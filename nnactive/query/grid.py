"""One image's grid of start positions, and the best of those that are still free."""

from itertools import product

import numpy as np

BLOCK = (8, 8, 16)
"""Positions per axis of a block: enough to keep blocks few, few enough to rescan one quickly."""

_TAKEN = -np.inf
_WORST = float(np.finfo(np.float64).min)
"""Replaces a score of -inf, which ranks last but may be chosen."""
_UNKNOWN = -1


class Grid:
    """Scores of a grid's positions, organised to find the best free one without a full scan.

    The grid is cut into blocks, each with its best free score; taking positions refreshes only the
    blocks that contain them. So the cost of a choice depends on the patch and hardly on the volume.
    """

    def __init__(self, values: np.ndarray) -> None:
        """Start with all positions free.

        Args:
            values: score of each position, three axes; ``-inf`` ranks last. Not changed.
        """
        self.highest = float(values.max())
        """Highest score of all; NaN if any score is."""
        self._sides = tuple(min(b, n) for b, n in zip(BLOCK, values.shape, strict=True))
        counts = tuple(-(-n // b) for n, b in zip(values.shape, self._sides, strict=True))
        self._padded = tuple(c * b for c, b in zip(counts, self._sides, strict=True))
        # A block's scores are contiguous, in the grid's order.
        self._scores = np.empty((*counts, *self._sides))
        self._fill(values)
        self._best = self._best_of((slice(None),) * 3)
        self._first = np.full(counts, _UNKNOWN, dtype=np.int64)

    def best(self) -> tuple[int, int, int] | None:
        """The free position with the highest score, the first of equals; None if none is free."""
        score = self._best.max()
        if score == _TAKEN:
            return None
        tied = np.argwhere(self._best == score)
        # Positions in a deeper layer of blocks come later.
        layer = tied[tied[:, 0] == tied[0, 0]]
        first = min(self._first_of(z, y, x) for z, y, x in layer.tolist())
        z, y, x = np.unravel_index(first, self._padded)
        return int(z), int(y), int(x)

    def take(self, box: tuple[slice, ...]) -> None:
        """Take a box of positions; its bounds may exceed the grid."""
        spans = [
            _by_block(extent.start, min(extent.stop, n), side)
            for extent, n, side in zip(box, self._padded, self._sides, strict=True)
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
            part = values[lower : lower + bz]
            np.maximum(part, _WORST, out=layer[tuple(slice(n) for n in part.shape)])
            split = layer.reshape(bz, height // by, by, width // bx, bx)
            self._scores[block] = split.transpose(1, 3, 0, 2, 4)

    def _best_of(self, blocks: tuple[slice, ...]) -> np.ndarray:
        """Best score of each block in a range."""
        flat = self._scores.reshape(*self._scores.shape[:3], -1)
        best: np.ndarray = flat[blocks].max(axis=-1)
        return best

    def _first_of(self, *block: int) -> int:
        """Index, in the grid's order, of the first position with a block's best score."""
        if self._first[block] == _UNKNOWN:
            offset = np.unravel_index(self._scores[block].argmax(), self._sides)
            position = [
                number * side + int(o)
                for number, side, o in zip(block, self._sides, offset, strict=True)
            ]
            self._first[block] = np.ravel_multi_index(position, self._padded)
        return int(self._first[block])


def _by_block(start: int, stop: int, side: int) -> list[tuple[slice, slice]]:
    """Split a range of positions by block: pairs (blocks, positions inside them)."""
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
