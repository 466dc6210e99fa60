"""How a method looks for patches in each of a track's settings."""

from benchmark.feasibility.pools import Pools
from nnactive.data.prepared import PreparedDataset, PreparedInfo
from nnactive.errors import MethodError, UserError
from nnactive.io.models import Frozen
from nnactive.methods import PoolInfo, QueryMethod
from nnactive.methods.demand import Demand, demand_of
from nnactive.settings import Setting


class Demands(Frozen):
    """A method's answers."""

    settings: dict[str, tuple[Demand, ...]]
    """By name of the setting, one for each query."""


def demands_of(method: QueryMethod, pools: Pools) -> Demands:
    """How a method looks for the patches of each query of some settings.

    Raises:
        UserError: if its ``limit`` fails.
    """
    infos = {name: PreparedDataset(folder).info for name, folder in pools.folders.items()}
    found = {}
    for setting in pools.settings:
        try:
            found[setting.name] = tuple(
                demand_of(method, pool_info(setting, infos[setting.dataset], loop))
                for loop in range(1, setting.loops)
            )
        except MethodError as error:
            text = " ".join(str(error).split())
            raise UserError(f"{text} (setting {setting.name}); mend it, or run another") from error
    return Demands(settings=found)


def pool_info(setting: Setting, info: PreparedInfo, loop: int) -> PoolInfo:
    """What a method knows of the pool, while nothing is labelled."""
    return PoolInfo(
        shapes={case.id: case.shape for case in info.pool},
        spacing=info.spacing,
        patch_size=setting.patch_size,
        stride=setting.stride,
        candidates=setting.candidates,
        loop=loop,
        queries=setting.loops - 1,
        n_classes=len(info.classes),
        labelled=(),
    )
