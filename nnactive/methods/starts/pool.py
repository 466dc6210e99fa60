"""What a start method sees of the pool: images and sizes, since nothing is labelled or trained."""

from collections.abc import Callable
from typing import Any, Final

from nnactive.errors import MethodError
from nnactive.geometry import Patch
from nnactive.pool.view import PoolView

VISIBLE: Final = frozenset(
    {
        *("info", "cases", "shapes", "shape", "spacing", "patch_size", "stride", "n_classes"),
        *("loop", "labelled", "labelled_in", "image", "map", "rng"),
        # Of a method's own: files that it brought, and what its own network draws and runs on.
        *("file", "device", "torch_rng"),
    }
)
"""What it has of a `PoolView`; all else is refused."""

Protocol = Callable[[int], list[Patch]]
"""Makes the protocol's starting budget of that many patches, which looks at labels."""


class ImagesOnlyError(MethodError):
    """A start method asked for more than images."""


class StartPool(PoolView):
    """The pool before anything is labelled: images, sizes and random streams.

    It has ``cases``, ``shapes``, ``shape(case)``, ``spacing``, ``patch_size``, ``stride``,
    ``n_classes``, ``image(case)``, ``map`` and ``rng`` as every `PoolView`; ``labelled`` is empty
    and ``loop`` is 0. Everything else raises `ImagesOnlyError`.
    """

    def __init__(
        self,
        pool: PoolView,
        protocol: Protocol | None = None,
        refused: Callable[[str], None] | None = None,
    ) -> None:
        """Show a pool without labels, predictions and history.

        Args:
            pool: the pool; nothing in it is labelled.
            protocol: makes the protocol's starting budget, for the built-in method that is it.
            refused: called with the name of what is refused.
        """
        self._pool = pool
        self._refused = refused
        self._protocol = protocol

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("_"):
            return object.__getattribute__(self, name)
        if name in VISIBLE:
            return getattr(object.__getattribute__(self, "_pool"), name)
        if self._refused:
            self._refused(name)
        raise ImagesOnlyError(
            f"pool.{name} does not exist before the start: nothing is labelled or trained; "
            "use pool.image and the pool's sizes"
        )


def protocol_start(pool: PoolView, n: int) -> list[Patch]:
    """The protocol's starting budget in a pool that may make it (section 4).

    Raises:
        ImagesOnlyError: if this pool shows images alone.
    """
    make = pool._protocol if isinstance(pool, StartPool) else None  # noqa: SLF001
    if make is None:
        raise ImagesOnlyError("the protocol's starting budget uses labels")
    return make(n)
