"""The contract of a start method, which chooses the patches of loop 0."""

from nnactive.errors import MethodError
from nnactive.geometry import Patch
from nnactive.methods.base import Method
from nnactive.pool.view import PoolView


class StartMethod(Method):
    """Base class of all start methods: write `start`.

    A start method chooses what is labelled first. It sees images alone: no labels, no network, and
    nothing of which class is where. A query method then makes all later loops.
    """

    def start(self, pool: PoolView, n: int) -> list[Patch]:
        """Choose ``n`` patches that don't overlap one another.

        Args:
            pool: a pool in which nothing is labelled; it shows images, sizes, ``rng`` and ``map``.
            n: number of patches; fewer are an error.
        """
        del pool, n
        raise MethodError("the class has no start; write one")
