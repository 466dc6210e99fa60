"""Measure the spread of unseeded training: the same queries, trained again and again."""

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmark import layout
from benchmark.bundles.reproduce.reported import Reported
from benchmark.bundles.reproduce.spread import SpreadRow, key_of, named
from benchmark.bundles.reproduce.train import Place, Trained, train_again
from nnactive.io.costs import read_cost

if TYPE_CHECKING:
    from benchmark.journal.watch import Progress

FOLDER: Final = ".spread"
"""Folder below the runs; leaderboards pass over names with a dot."""
DIGITS: Final = 5


def measure(
    reported: Reported,
    loops: Sequence[int] | None,
    repetitions: int,
    place: Place,
    watcher: "Callable[[Progress], None]",
    note: Callable[[str], None],
) -> list[SpreadRow]:
    """Train on an entry's queries several times, unseeded; what is finished isn't repeated.

    Args:
        reported: gives the queries; its own Dice don't count.
        loops: only these; None: all.
        repetitions: at least 2.
        place: where; each repetition gets a folder of its own below its runs.
        watcher: called with the progress of each.
        note: called with a line as each begins.

    Returns:
        One row for each loop of each experiment.

    Raises:
        UserError: if the entry contradicts itself, or was made from other data.
        NnactiveError: if a step fails; the same call goes on from there.
    """
    reported = reported.unseeded()
    found: dict[Trained, list[float]] = defaultdict(list)
    devices: dict[Trained, set[str]] = defaultdict(set)
    for number in range(repetitions):
        note(f"repetition {number + 1} of {repetitions}")
        one = replace(place, runs=place.runs / FOLDER / f"{number + 1:03d}")
        for each, dice in train_again(reported, loops, one, watcher, note).items():
            found[each].append(dice)
            devices[each].add(_device(one.root(reported), each))
    return list(_rows(reported, found, devices))


def _rows(
    reported: Reported, found: dict[Trained, list[float]], devices: dict[Trained, set[str]]
) -> Iterator[SpreadRow]:
    for (experiment, loop), dice in found.items():
        setting = reported.setting(experiment)
        content = {
            **key_of(setting),
            "patches": reported.results[experiment].loops[loop].labelled_patches,
            "n": len(dice),
            "mean_dice": round(statistics.mean(dice), DIGITS),
            "sd": round(statistics.stdev(dice), DIGITS),
            "max_difference": round(max(dice) - min(dice), DIGITS),
            "queries": named(experiment, loop),
            "device": " and ".join(sorted(devices[experiment, loop])),
            "date": f"{datetime.now(UTC):%Y-%m-%d}",
        }
        yield SpreadRow.model_validate(content)


def _device(root: Path, trained: Trained) -> str:
    """What trained a loop's networks: a GPU's name, or that of this machine's processor."""
    from benchmark.machine.gpus import gpu_names
    from benchmark.provenance import cpu_name
    from nnactive.devices import CPU

    device = read_cost(root / layout.member_file(*trained, 0)).device
    names = gpu_names()
    return cpu_name() if device == CPU or not names else names[0]
