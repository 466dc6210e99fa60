"""Attacks that answer something else than patches that the contract allows."""

import numpy as np

from nnactive.methods import BUILTIN, Patch

Random = BUILTIN["random"]


class Answers(Random):
    """Answers what `spoil` makes of the patches of `random`."""

    class Parameters(Random.Parameters):
        runs: str = "/results"
        data: str = "/data"

    def query(self, pool, n):
        return self.spoil(pool, super().query(pool, n))

    def spoil(self, pool, patches):
        raise NotImplementedError


class NumpyIntegers(Answers):
    """NumPy's integers, which are fine."""

    def spoil(self, pool, patches):
        return [Patch(p.case, tuple(map(np.int64, p.start)), p.size) for p in patches]


class LyingList(Answers):
    """A list that shows another content to each who looks."""

    def spoil(self, pool, patches):
        class Lying(list):
            looks = 0

            def __len__(self):
                return len(patches)

            def __iter__(self):
                type(self).looks += 1
                return iter(patches if self.looks == 1 else [patches[0]] * len(patches))

        return Lying([*patches, *patches])


class StrangeCase(Answers):
    """Four identical patches: each case id is equal to nothing else."""

    def spoil(self, pool, patches):
        class Name(str):
            __slots__ = ("seen",)

            def __eq__(self, other):
                return type(other) is str

            def __hash__(self):
                return hash(str(self))

        first = patches[0]
        return [Patch(Name(first.case), first.start, first.size) for _ in patches]


class LyingIntegers(Answers):
    """Starts whose value changes each time somebody asks."""

    def spoil(self, pool, patches):
        class Number(int):
            def __index__(self):
                return 0

            def __add__(self, other):
                return other

            def __lt__(self, other):
                return False

            def __le__(self, other):
                return True

        first = patches[0]
        at = tuple(Number(10**6) for _ in first.start)
        return [Patch(first.case, at, first.size) for _ in patches]


class Outside(Answers):
    """A patch outside its image."""

    def spoil(self, pool, patches):
        first, *others = patches
        return [Patch(first.case, pool.shape(first.case), first.size), *others]


class UnknownCase(Answers):
    """A patch of a case that isn't in the pool."""

    def spoil(self, pool, patches):
        return [Patch("../../secret", patches[0].start, patches[0].size), *patches[1:]]


class WholeImage(Answers):
    """A patch as large as its image."""

    def spoil(self, pool, patches):
        case = patches[0].case
        return [Patch(case, (0, 0, 0), pool.shape(case)), *patches[1:]]


class TooMany(Answers):
    """Twice as many patches as were asked for."""

    def spoil(self, pool, patches):
        return [*patches, *patches]


class DeepState(Answers):
    """A state that is nested very deep."""

    def spoil(self, pool, patches):
        state = []
        for _ in range(100_000):
            state = [state]
        pool.save(state)
        return patches


class LargeState(Answers):
    """A state of a gigabyte."""

    def spoil(self, pool, patches):
        pool.save({"text": "x" * 2**30})
        return patches


class PickledState(Answers):
    """A state that is an object, which only a pickle could hold."""

    def spoil(self, pool, patches):
        pool.save({"code": Answers})
        return patches
