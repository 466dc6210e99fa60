"""Same seed, same queries, whatever the workers, the order of things, or the process."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest
from pools import LABELLED, SHAPES, build_pool

from nnactive.geometry import Patch
from nnactive.methods import BUILTIN
from nnactive.methods.run_method import run_method
from nnactive.query.checkpoint import Checkpoint, Part, PartDone

N = 8
ALL_LABELLED = [LABELLED, Patch("a", (0, 0, 0), (4, 4, 4)), Patch("a", (4, 5, 1), (4, 4, 4))]
EVERY = pytest.mark.parametrize("name", BUILTIN)
CHANCE = [
    "random",
    "random_fg33",
    "random_fg66",
    "power_bald",
    "power_pe",
    "softrank_bald",
    "clap_pe",
    "clasp_pe",
    "stochastic_batches",
    "random_strided",
]
"""Methods whose queries differ from seed to seed."""


FEWER = {"stochastic_batches": {"batches": 5}}
"""Parameters that keep the tests short."""


def query(name, **changes):
    method = BUILTIN[name](**FEWER.get(name, {}))
    pool = build_pool(method, **{"labelled": ALL_LABELLED, **changes})
    return [(patch.case, patch.start, patch.size) for patch in run_method(method, pool, N)]


first_answer = cache(query)


@EVERY
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_number_of_workers_changes_nothing(name, workers):
    assert query(name, workers=workers) == first_answer(name)


@EVERY
@pytest.mark.parametrize("order", [("d", "c", "b", "a"), ("b", "d", "a", "c")])
def test_order_of_the_files_changes_nothing(name, order):
    shapes = {case: SHAPES[case] for case in order}
    assert query(name, shapes=shapes, labelled=ALL_LABELLED[::-1], workers=2) == first_answer(name)


@EVERY
def test_cases_split_over_machines_change_nothing(name, tmp_path):
    for number in (3, 1, 2):
        with suppress(PartDone):
            query(name, checkpoint=Checkpoint(tmp_path, lambda: "key", Part(number, 3)))
    assert query(name, checkpoint=Checkpoint(tmp_path, lambda: "key")) == first_answer(name)


@pytest.mark.slow
def test_processes_agree():
    code = Path(__file__)
    running = [
        subprocess.Popen(
            [sys.executable, str(code), order],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=subprocess.PIPE,
        )
        for seed, order in (("1", "dbca"), ("4242", "abcd"))
    ]
    answers = [json.loads(process.communicate()[0]) for process in running]
    here = json.loads(json.dumps({name: first_answer(name) for name in BUILTIN}))
    assert answers == [here, here]


@pytest.mark.parametrize("name", CHANCE)
@pytest.mark.parametrize("part", range(4))
def test_no_two_experiments_share_a_stream(name, part):
    names = ["setting", "method", 1, 1]
    names[part] = "other" if part < 2 else 2
    assert query(name, names=tuple(names)) != first_answer(name)


if __name__ == "__main__":
    shapes = {case: SHAPES[case] for case in sys.argv[1]}
    sys.stdout.write(json.dumps({name: query(name, shapes=shapes) for name in BUILTIN}))
