"""The check of a method. The broken classes are stand-ins: each breaks one row on purpose."""

import random
import re
import time
import warnings
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
import torch

from benchmark.cli.main import main
from benchmark.conformance.parent import check
from benchmark.conformance.rows import (
    BOUNDS,
    BUDGET,
    CONTRACT,
    LABELS,
    ORDER,
    OVERLAP,
    PROCESS,
    REPEATED,
    ROWS,
    UNCHANGED,
    VOLUME,
    WORKERS,
    Judge,
)
from benchmark.conformance.volume import judge_volume
from benchmark.conformance.worlds import PLAIN, WORLDS, fill
from nnactive.geometry import Patch, clip_size
from nnactive.methods import BUILTIN, Prediction, QueryMethod


class Sound(QueryMethod):
    """Keeps the contract; what breaks is added to it."""

    def score(self, prediction: Prediction):
        return 1 - prediction.mean.amax(0)


class Raises(Sound):
    def query(self, pool, n):
        raise ValueError("what\never")


class Short(Sound):
    def query(self, pool, n):
        return super().query(pool, n)[1:]


class Outside(Sound):
    def query(self, pool, n):
        first, *others = super().query(pool, n)
        shape = pool.shape(first.case)
        return [Patch(first.case, (shape[0], 0, 0), first.size), *others]


class Overlapping(Sound):
    def query(self, pool, n):
        chosen = super().query(pool, n)
        return [*chosen[:-1], chosen[0]]


class OverLabelled(Sound):
    def query(self, pool, n):
        return [*pool.labelled[:1], *super().query(pool, n)[len(pool.labelled[:1]) :]]


class Looks(Sound):
    """It even hides that it was refused."""

    def query(self, pool, n):
        try:
            pool.oracle.label(pool.cases[0])
        except Exception:  # noqa: BLE001
            return super().query(pool, n)


class LooksElsewhere(Sound):
    def query(self, pool, n):
        case = pool.cases[0]
        try:
            pool.labels_in(Patch(case, (1, 1, 1), clip_size(pool.patch_size, pool.shape(case))))
        except Exception:  # noqa: BLE001
            return super().query(pool, n)


class ChangesPrediction(Sound):
    def score(self, prediction):
        return prediction.mean.mul_(-1).amax(0)


class ChangesImage(Sound):
    def query(self, pool, n):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's, that the array isn't writable
            torch.from_numpy(pool.image(pool.cases[0])).zero_()
        return super().query(pool, n)


class ChangesPool(Sound):
    def query(self, pool, n):
        chosen = super().query(pool, n)
        object.__setattr__(pool, "labelled", (*pool.labelled, *chosen))
        return chosen


class SeedsTheProcess(Sound):
    """Always the same patches, but it disturbs everybody else's draws."""

    def score(self, prediction):
        np.random.seed(0)  # noqa: NPY002
        return super().score(prediction)


class DrawsFromNumpy(Sound):
    def score(self, prediction):
        return np.random.random(prediction.mean.shape[1:])  # noqa: NPY002


class DrawsFromTorch(Sound):
    def score(self, prediction):
        return torch.rand(prediction.mean.shape[1:])


class DrawsFromPython(Sound):
    def query(self, pool, n):
        return random.sample(super().query(pool, n), n)


class OneStreamForAll(Sound):
    """Draws for one case after the other from one stream: the order of the cases decides."""

    def query(self, pool, n):
        self.rng = pool.rng("all")
        return super().query(pool, n)

    def score(self, prediction):
        return self.rng.random(prediction.mean.shape[1:])


class CountsWorkers(Sound):
    """What it does depends on the workers alone."""

    def query(self, pool, n):
        chosen = super().query(pool, n)
        return chosen[::-1] if pool.workers == 4 else chosen


class Backwards(Sound):
    """It breaks only where the cases come in another order."""

    def query(self, pool, n):
        seen = []
        pool.map(seen.append)
        chosen = super().query(pool, n)
        return chosen[::-1] if seen != list(pool.cases) and pool.workers == 1 else chosen


BROKEN = {
    Raises: (CONTRACT, "pool with labelled patches: ValueError: what ever"),
    Short: (BUDGET, "pool with labelled patches: 5 patches instead of 6"),
    Outside: (BOUNDS, r"the patch at \(.*\) leaves \("),
    Overlapping: (OVERLAP, "overlaps the chosen patch at"),
    OverLabelled: (OVERLAP, r"b: \(0, 0, 0\) overlaps the labelled patch at \(0, 0, 0\)"),
    Looks: (LABELS, "asks for pool.oracle, without oracle = True"),
    LooksElsewhere: (LABELS, r"asks for labels of the patch at \(1, 1, 1\), which isn't labelled"),
    ChangesPrediction: (UNCHANGED, "prediction.mean of case a was changed"),
    ChangesImage: (UNCHANGED, "the image of case a was changed"),
    ChangesPool: (UNCHANGED, "the list of labelled patches was changed"),
    SeedsTheProcess: (UNCHANGED, "the global state of NumPy's random generator .* was changed"),
    DrawsFromNumpy: (REPEATED, "patches differ in a second run; draw from pool.rng alone"),
    DrawsFromTorch: (REPEATED, "patches differ in a second run"),
    DrawsFromPython: (REPEATED, "another order of the patches in a second run"),
    Backwards: (ORDER, "another order of the patches with the cases taken backwards"),
    CountsWorkers: (WORKERS, "another order of the patches with more workers"),
}
DISTURBS = {DrawsFromNumpy, DrawsFromTorch, DrawsFromPython}
"""These change the global generators, too; what they choose can't be compared any further."""


def failed(judge: Judge) -> dict[str, str]:
    return {v.row: v.detail for v in judge.verdicts() if v.state == "FAILED"}


@pytest.mark.parametrize("kind", BROKEN, ids=lambda kind: kind.__name__)
def test_each_broken_class_fails_its_row_and_no_other(kind) -> None:
    row, detail = BROKEN[kind]
    found = failed(Judge(kind, WORLDS[:2]))
    assert row in found
    assert re.search(detail, found[row])
    assert all("\n" not in text for text in found.values())
    allowed = {row, UNCHANGED} if kind in DISTURBS else {row}
    assert set(found) <= allowed


def test_a_stream_for_all_cases_depends_on_their_order_and_the_workers() -> None:
    found = failed(Judge(OneStreamForAll, WORLDS[:3]))
    assert set(found) == {ORDER, WORKERS}
    assert "keep nothing from case to case" in found[WORKERS]


def test_another_process_must_choose_the_same() -> None:
    judge = Judge(Sound)
    assert judge.elsewhere(judge.answers).state == "ok"
    other = Judge(BUILTIN["random"])
    verdict = judge.elsewhere(other.answers)
    assert (verdict.row, verdict.state) == (PROCESS, "FAILED")
    assert verdict.detail.startswith(
        "pool with labelled patches: other patches in another process; sort"
    )
    assert Judge(Raises).elsewhere(judge.answers).state == "not judged"


@pytest.mark.slow
@pytest.mark.parametrize("name", BUILTIN)
def test_every_builtin_method_passes(name) -> None:
    judge = Judge(BUILTIN[name])
    verdicts = [*judge.verdicts(), judge.elsewhere(judge.answers)]
    assert [v for v in verdicts if v.state != "ok"] == []
    # Every row but the first and the last, in the order of the table.
    assert tuple(v.row for v in verdicts) == ROWS[1:-1]


def test_the_pools_hold_the_difficult_cases() -> None:
    worlds = {world.title: world for world in WORLDS}
    thin = worlds["pool with thin images"]
    assert any(
        n < p for shape in thin.shapes.values() for n, p in zip(shape, thin.patch_size, strict=True)
    )
    assert worlds["pool with labelled patches"].labelled
    assert worlds["pool with one class"].classes == 2
    assert worlds["pool in its last loop"].loop == 4
    assert len(set(worlds["pool with anisotropic patches"].patch_size)) == 3
    assert len(set(worlds["pool with anisotropic patches"].stride)) == 3
    for world in WORLDS:
        contents = fill(world)
        for case, label in contents.labels.items():
            assert set(np.unique(label)) == set(range(world.classes))
            known = contents.partial[case] != world.classes
            inside = [patch for patch in world.labelled if patch.case == case]
            assert known.sum() == sum(patch.voxels for patch in inside)
        for case in world.shapes:
            members = list(contents.members(world, case))
            assert len(members) == 3
            assert not torch.equal(members[0], members[1])


def test_a_large_volume_gives_time_and_memory() -> None:
    class Hungry(Sound):
        def query(self, pool, n):
            assert np.ones(2**27, dtype=np.uint8).all()  # 0.125 GiB that it gives back
            return super().query(pool, n)

    verdict = judge_volume(Hungry, PLAIN)
    assert (verdict.row, verdict.state) == (VOLUME, "ok")
    seconds, memory = verdict.detail.split(" s, ")
    assert 0 <= float(seconds) < 20
    assert 0.12 <= float(memory.removesuffix(" GiB above the process")) < 0.2
    assert judge_volume(Raises, PLAIN).detail == "Raises: ValueError: what ever"


SUBMITTED = """
    import os
    from nnactive.methods import QueryMethod

    class Sets(QueryMethod):
        class Parameters(QueryMethod.Parameters):
            power: float = 1.0

        def score(self, prediction):
            return (1 - prediction.mean.amax(0)) ** self.parameters.power

        def query(self, pool, n):
            chosen = super().query(pool, n)
            return [patch for case in set(pool.cases) for patch in chosen if patch.case == case]

    class Crashes(Sets):
        def query(self, pool, n):
            os._exit(3) if pool.loop == 4 else None
            return super().query(pool, n)
    """


@pytest.fixture
def submitted(tmp_path: Path) -> str:
    path = tmp_path / "mine.py"
    path.write_text(dedent(SUBMITTED))
    return str(path)


@pytest.mark.slow
def test_the_table_has_all_rows_and_sets_are_found_out(submitted, capfd) -> None:
    # The order of a set of strings is another one in each process, but always the same in one.
    assert main(["check", f"{submitted}:Sets", "--param", "power=2"]) == 2
    out, err = capfd.readouterr()
    lines = [line.rstrip() for line in out.splitlines() if not line.startswith("   ")]
    assert [line[1:29].rstrip() for line in lines] == list(ROWS)
    assert ["FAILED" in line for line in lines] == [row == PROCESS for row in ROWS]
    assert lines[-1].endswith("GiB above the process")
    assert err.splitlines()[0] == f"[1/{len(ROWS)}] {ROWS[0]}: ok"
    assert err.splitlines()[-1] == f"error: {submitted}:Sets: 1 of {len(ROWS)} checks failed"


def test_a_class_that_ends_its_process_fails_a_row(submitted) -> None:
    rows = check(f"{submitted}:Crashes", [], 600, lambda _: None)
    assert tuple(verdict.row for verdict in rows) == ROWS
    assert [verdict.state for verdict in rows] == ["ok", "FAILED", *["not judged"] * 10]
    assert rows[1].detail == "it ended its process with exit status 3"


def test_a_class_that_hangs_is_stopped(tmp_path, capfd) -> None:
    path = tmp_path / "mine.py"
    path.write_text("import time\ntime.sleep(1000)\n")
    began = time.monotonic()
    assert main(["check", f"{path}:Mine", "--seconds", "2"]) == 2
    assert time.monotonic() - began < 20
    line = f"error: {path}:Mine: isn't done after 2 s; --seconds allows more"
    assert capfd.readouterr().err.splitlines()[-1] == line


def test_what_cannot_be_loaded_is_one_line(capfd) -> None:
    assert main(["check", "power_bald,betta=5"]) == 2
    out, err = capfd.readouterr()
    assert err.splitlines()[-1] == "error: power_bald: has no parameter 'betta'; it has beta"
    assert out == ""
