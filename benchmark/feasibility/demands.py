"""How a method looks for patches in each of a track's settings."""

from benchmark.feasibility.pools import Pools
from nnactive.data.prepared import PreparedDataset, PreparedInfo
from nnactive.errors import MethodError, UserError
from nnactive.geometry import Spacing, Triple
from nnactive.io.models import Frozen
from nnactive.methods import PoolInfo, QueryMethod
from nnactive.methods.demand import Demand, demand_of
from nnactive.settings import Setting


class Demands(Frozen):
    """A method's answers."""

    settings: dict[str, tuple[Demand, ...]]
    """By name of the setting, one for each query."""


class PoolFacts(Frozen):
    """What anybody may know of a pool: nothing of its labels."""

    shapes: dict[str, Triple]
    """``(Z, Y, X)`` of each image."""
    spacing: Spacing
    n_classes: int
    """Background included."""


class Questions(Frozen):
    """What a method is asked; a file, as a boxed process makes a submitted class."""

    settings: tuple[Setting, ...]
    pools: dict[str, PoolFacts]
    """By name of the dataset."""


def questions(pools: Pools) -> Questions:
    """What to ask of prepared pools."""
    infos = {name: PreparedDataset(folder).info for name, folder in pools.folders.items()}
    return Questions(
        settings=pools.settings, pools={name: facts(info) for name, info in infos.items()}
    )


def facts(info: PreparedInfo) -> PoolFacts:
    """What anybody may know of a prepared dataset's pool."""
    return PoolFacts(
        shapes={case.id: case.shape for case in info.pool},
        spacing=info.spacing,
        n_classes=len(info.classes),
    )


def demands_of(method: QueryMethod, asked: Questions) -> Demands:
    """How a method looks for the patches of each query of some settings.

    Raises:
        UserError: if its ``limit`` fails.
    """
    found = {}
    for setting in asked.settings:
        pool = asked.pools[setting.dataset]
        try:
            found[setting.name] = tuple(
                demand_of(method, pool_info(setting, pool, loop))
                for loop in range(1, setting.loops)
            )
        except MethodError as error:
            text = " ".join(str(error).split())
            raise UserError(f"{text} (setting {setting.name}); fix it, or run another") from error
    return Demands(settings=found)


def pool_info(setting: Setting, pool: PoolFacts, loop: int) -> PoolInfo:
    """What a method knows of the pool, while nothing is labelled."""
    return PoolInfo(
        shapes=pool.shapes,
        spacing=pool.spacing,
        patch_size=setting.patch_size,
        stride=setting.stride,
        candidates=setting.candidates,
        loop=loop,
        queries=setting.loops - 1,
        n_classes=pool.n_classes,
        labelled=(),
    )
