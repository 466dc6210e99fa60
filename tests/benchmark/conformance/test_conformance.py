"""The check of a method. The broken classes are stand-ins: each breaks one row on purpose."""

import itertools
import random
import re
import time
import warnings
from contextlib import nullcontext
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor
from support import SEED

from benchmark.cli.main import main
from benchmark.conformance.checks import (
    BOUNDS,
    BUDGET,
    CONTRACT,
    HELD,
    INTERRUPTED,
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
from benchmark.conformance.parent import check
from benchmark.conformance.pools import PLAIN, WORLDS, fill
from benchmark.conformance.views import view
from benchmark.conformance.volume import judge_volume
from nnactive.errors import MethodError
from nnactive.geometry import Patch, clip_size
from nnactive.methods import BUILTIN, Prediction, QueryMethod
from nnactive.nnunet.ensemble import Ensemble
from nnactive.steps.query import QueryInputs, query
from nnactive.steps.start import start


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
        count = itertools.count()
        turns = pool.map(lambda _: next(count))
        chosen = super().query(pool, n)
        return chosen[::-1] if turns != sorted(turns) and pool.workers == 1 else chosen


def by_brightness(chosen, brightness):
    return sorted(chosen, key=lambda patch: (brightness.get(patch.case, 0), patch))


class LeavesBehind(Sound):
    """Work that isn't in what map returns is lost with an interruption; nobody is told."""

    def query(self, pool, n):
        found = {}
        pool.map(lambda case: found.update({case: float(pool.image(case).mean())}))
        return by_brightness(super().query(pool, n), found)


class LeavesBehindLater(Sound):
    """Its first map is sound, what it finds in the second is lost."""

    def query(self, pool, n):
        chosen = super().query(pool, n)
        found = {}
        pool.map(lambda case: found.update({case: float(pool.image(case).mean())}))
        return by_brightness(chosen, found)


class LeavesInItself(Sound):
    """It can't go on at all."""

    def candidates(self, pool, case):
        self.__dict__.setdefault("found", {})[case] = super().candidates(pool, case)

    def choose(self, pool, candidates, n):
        return super().choose(pool, [each for case in pool.cases for each in self.found[case]], n)

    def query(self, pool, n):
        pool.map(lambda case: self.candidates(pool, case))
        return self.choose(pool, [], n)


class CannotBePickled(Sound):
    """What can't be kept is computed anew, so nothing is lost."""

    def query(self, pool, n):
        found = pool.map(lambda case: lambda: self.candidates(pool, case))
        return self.choose(pool, [each for make in found for each in make()], n)


class Hoards(Sound):
    """On real images that is all the memory there is."""

    def query(self, pool, n):
        predictions = pool.map(pool.predict)
        chosen = super().query(pool, n)
        return chosen if predictions else []


class HoardsParts(Sound):
    """A view of one class keeps all classes in memory, as an array, too."""

    needs = frozenset({"mean", "expected_entropy"})

    def __init__(self, **parameters):
        super().__init__(**parameters)
        self.seen = []

    def score(self, prediction):
        self.seen.append(prediction.mean[1, 2:].numpy()[0])
        return super().score(prediction)


class Blind(Sound):
    """It declares nothing, so no network would run."""

    needs = frozenset()

    def candidates(self, pool, case):
        next(pool.predict(case).members())
        return super().candidates(pool, case)


class Circles(Sound):
    """A circle of references is no more than garbage that waits."""

    def score(self, prediction):
        circle = [prediction]
        circle.append(circle)
        return super().score(prediction)


BROKEN = {
    Raises: (CONTRACT, "pool with labelled patches: ValueError: what ever"),
    Blind: (CONTRACT, r"a: no prediction, as the class declares needs = frozenset\(\)"),
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
    LeavesBehind: (INTERRUPTED, r"pool.map's function computes must be what it returns"),
    LeavesBehindLater: (INTERRUPTED, "another order of the patches after an interruption; what"),
    LeavesInItself: (INTERRUPTED, r"breaks the contract \(KeyError: 'a'\) after an interruption"),
    Hoards: (HELD, "2 predictions are still held when the next one is made; let go of each"),
    HoardsParts: (HELD, "2 predictions are still held"),
    CountsWorkers: (WORKERS, "another order of the patches with more workers"),
}
DISTURBS = {DrawsFromNumpy, DrawsFromTorch, DrawsFromPython}
"""These change the global generators, too; what they choose can't be compared any further."""


def failed(judge: Judge) -> dict[str, str]:
    return {v.row: v.detail for v in judge.verdicts() if v.state == "FAILED"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", BROKEN, ids=lambda kind: kind.__name__)
def test_each_broken_class_fails_its_row_and_no_other(kind) -> None:
    row, detail = BROKEN[kind]
    found = failed(Judge(kind, WORLDS[:2]))
    assert row in found
    assert re.search(detail, found[row])
    assert all("\n" not in text for text in found.values())
    allowed = {row, UNCHANGED} if kind in DISTURBS else {row}
    assert set(found) <= allowed


@pytest.mark.parametrize("kind", [CannotBePickled, Circles])
def test_what_looks_odd_but_breaks_nothing_passes(kind) -> None:
    verdicts = list(Judge(kind, WORLDS[:1]).verdicts())
    assert [verdict for verdict in verdicts if verdict.state != "ok"] == []
    assert [v.row for v in verdicts][-1] == INTERRUPTED


def test_a_stream_for_all_cases_depends_on_their_order_and_the_workers() -> None:
    found = failed(Judge(OneStreamForAll, WORLDS[:3]))
    assert set(found) == {ORDER, WORKERS, INTERRUPTED}
    assert "keep nothing from case to case" in found[WORKERS]


def test_without_needs_the_check_says_what_the_step_says(phantom, setting, tmp_path) -> None:
    start(phantom, setting, SEED, tmp_path / "loop_000.json")
    queries = (tmp_path / "loop_000.json",)
    inputs = QueryInputs(phantom, setting, SEED, 1, Blind(), "Blind", queries, tmp_path, ())
    with pytest.raises(MethodError) as caught:
        query(inputs, tmp_path / "loop_001.json", "cpu")
    said = str(caught.value).partition(": no prediction")[1:]
    assert said[0]
    assert failed(Judge(Blind, WORLDS[:1]))[CONTRACT].partition(": no prediction")[1:] == said


def test_embeddings_are_of_the_steps_type_and_axes() -> None:
    predictor = nnUNetPredictor(tile_step_size=0.5, device=torch.device("cpu"), allow_tqdm=False)
    predictor.configuration_manager = SimpleNamespace(patch_size=(8, 8, 8))
    encoder = torch.nn.Conv3d(2, 5, 2, stride=2)
    predictor.network = torch.nn.Module()
    predictor.network.encoder = lambda window: [encoder(window)]
    ensemble = SimpleNamespace(_members=[1, 2], _borrowed=lambda _: nullcontext(predictor))
    contents = fill(PLAIN)
    pool = view(PLAIN, contents, BUILTIN["coreset"]())
    wide = set()
    for patches in ([], [Patch("a", (0, 0, 0), (4, 4, 4)), Patch("a", (1, 2, 3), (4, 4, 4))]):
        real = Ensemble.embeddings(ensemble, contents.images["a"], patches)
        found = pool.embed("a", patches)
        assert real.shape == (len(patches), 10)
        assert (found.dtype, found.ndim, len(found)) == (real.dtype, real.ndim, len(real))
        wide.add(found.shape[1])
    assert wide == {16}


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
    assert 0 <= float(seconds) < 300
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
    assert [verdict.state for verdict in rows] == [
        "ok",
        "FAILED",
        *["not judged"] * (len(ROWS) - 2),
    ]
    assert rows[1].detail == "it ended its process with exit status 3"


def test_a_class_that_hangs_is_stopped(tmp_path, capfd) -> None:
    path = tmp_path / "mine.py"
    path.write_text("import time\ntime.sleep(1000)\n")
    began = time.monotonic()
    assert main(["check", f"{path}:Mine", "--seconds", "2"]) == 2
    assert time.monotonic() - began < 500
    line = f"error: {path}:Mine: isn't done after 2 s; --seconds allows more"
    assert capfd.readouterr().err.splitlines()[-1] == line


def test_what_cannot_be_loaded_is_one_line(capfd) -> None:
    assert main(["check", "power_bald,betta=5"]) == 2
    out, err = capfd.readouterr()
    assert err.splitlines()[-1] == "error: power_bald: has no parameter 'betta'; it has beta"
    assert out == ""
