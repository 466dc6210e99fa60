"""How long jobs took in the other tracks of a runs folder."""

from collections import deque
from pathlib import Path
from typing import Final

from benchmark import layout
from benchmark.journal.durations import Durations
from benchmark.journal.follower import Follower
from benchmark.journal.tally import Tally
from nnactive.io.files import file_sizes

MOST_BYTES: Final = 8 << 20
"""Of journals that are read, the latest first: some 40,000 events, a fraction of a second."""


def borrowed(root: Path) -> Durations:
    """Durations of jobs in the other tracks of the runs folder that holds a track's folder."""
    tally = Tally()
    found = [file for file in root.parent.glob(f"*/{layout.journal_folder()}") if file.is_dir()]
    others = [file for file in found if file.parent.name != root.name]
    left = MOST_BYTES
    for folder in sorted(others, key=lambda file: file.stat().st_mtime, reverse=True):
        left -= sum(file_sizes(folder))
        if left < 0:
            break
        deque(tally.add(Follower(folder.parent).catch_up()), maxlen=0)
    return tally.durations
