"""How much there is to read: sizes, times and memory on stand-ins of Hippocampus' size."""

import subprocess
import sys
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from support import peak_growth
from synthetic import World, write

from leaderboard.assemble import make_board
from leaderboard.read.load import load_entries

BUILD = """
import resource, sys
from pathlib import Path
from leaderboard.build import build
build([Path(line) for line in Path(sys.argv[1]).read_text().splitlines()], Path(sys.argv[2]))
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


def test_a_result_of_hippocampus_size_stays_small(tmp_path):
    write(World(methods=2, settings=2, seeds=1), tmp_path)
    sizes = [path.stat().st_size for path in tmp_path.rglob("result.json")]
    assert len(sizes) == 4
    assert max(sizes) < 40_000


def test_stand_ins_are_whole_and_the_same_each_time(tmp_path):
    world = World(methods=13, settings=2, seeds=2, cases=5, patches=4)
    numbers = [write(world, tmp_path / name) for name in "ab"]
    entries = load_entries([tmp_path / "a"], strict=True)
    assert numbers == [52, 52]
    assert len(entries.results) == 52
    again = load_entries([tmp_path / "b"])
    assert list(again.files) == list(entries.files)
    assert replace(again, files=entries.files) == entries
    origins = {result.method.origin for result in entries.results}
    assert origins == {"builtin", "submission"}


@pytest.mark.slow
def test_three_thousand_results_build_in_a_minute_and_time_grows_with_the_bytes(tmp_path):
    """The board's target: 60 s, 4 GiB, and twice the bytes take at most about twice the time."""
    world = World(methods=25, settings=24, seeds=5)
    assert write(world, tmp_path / "runs") == 3000
    methods = [1, 13, 25]
    seconds = []
    for number in methods:
        kept = world.names[:number]
        folders = [
            tmp_path / "runs/full" / s.name / name for s in world.setting_list for name in kept
        ]
        spent, gib = build_apart(folders, tmp_path / "page.html")
        assert gib < 4
        seconds.append(spent)
    assert seconds[-1] < 60
    first, second = (b - a for a, b in pairwise(seconds))
    assert second < 1.6 * first, seconds


@pytest.mark.slow
def test_assembling_takes_less_than_reading_and_little_memory(tmp_path):
    """40 methods in 6 settings; seconds are of the processor, against reading by one process."""
    world = World(methods=40, settings=6, seeds=4)
    assert write(world, tmp_path) == 960
    sources = sorted(tmp_path.rglob("result.json"))
    make_board(load_entries(sources[:40]))  # modules are imported first
    begin = time.process_time()
    load_entries(sources[:200])
    reading = time.process_time() - begin
    entries, boards = load_entries([tmp_path]), []
    begin = time.process_time()
    grown = peak_growth(lambda: boards.append(make_board(entries)))
    assert (time.process_time() - begin) / 960 < reading / 200
    assert len(boards[0].leagues[0].details) == 40
    assert grown < 2 * sum(path.stat().st_size for path in sources) / 2**20


def build_apart(folders: list[Path], out: Path) -> tuple[float, float]:
    """Processor time in s and peak memory in GiB of a build in a process of its own."""
    listed = out.with_suffix(".txt")
    listed.write_text("\n".join(map(str, folders)))
    done = subprocess.run(
        [sys.executable, "-c", BUILD, listed, out], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    spent, peak = done.stdout.split()
    return float(spent), float(peak) / 2**20
