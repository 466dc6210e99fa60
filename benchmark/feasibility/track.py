"""Whether a track's datasets can serve all of its settings and methods."""

from collections.abc import Mapping

from benchmark.feasibility.demands import Demands
from benchmark.feasibility.pools import Pools
from benchmark.feasibility.setting import judge_setting
from benchmark.tracks import Track
from nnactive.data.prepared import PreparedDataset
from nnactive.errors import UserError


def check_track(
    track: Track, pools: Pools, demands: Mapping[str, Demands], *, protocol: bool = True
) -> list[str]:
    """Judge all settings of a track; returns what may go wrong, a line each.

    Args:
        track: gives the seeds and the name for messages.
        pools: the prepared settings.
        demands: by method, how it looks for patches.
        protocol: whether a method begins with the protocol's starting budget.

    Raises:
        UserError: if a setting is impossible: the first, and how many more.
    """
    infos = {name: PreparedDataset(folder).info for name, folder in pools.folders.items()}
    impossible: list[str] = []
    notes: list[str] = []
    for setting in pools.settings:
        asked = {
            name: answers.settings[setting.name]
            for name, answers in demands.items()
            if setting.queries is None and track.asks(setting.name, name)
        }
        info = infos[setting.dataset]
        for finding in judge_setting(setting, info, track.seeds, asked, protocol=protocol):
            (impossible if finding.impossible else notes).append(
                f"track {track.name}: setting {setting.name}: {finding.text}"
            )
    if impossible:
        more = f" (and {len(impossible) - 1} more of this kind)" if len(impossible) > 1 else ""
        raise UserError(impossible[0] + more)
    return notes
