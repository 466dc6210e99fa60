"""The checks of a method. The broken classes are stand-ins: each fails one check on purpose."""

import itertools
import random
import re
import time
import warnings
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
import torch
from support import SEED

from benchmark.cli.main import main
from benchmark.conformance.borrowed import BorrowedPredictions
from benchmark.conformance.checks import (
    BOUNDS,
    BUDGET,
    CHECKS,
    CONTRACT,
    HELD,
    INTERRUPTED,
    LABELS,
    ORDER,
    OVERLAP,
    PROCESS,
    REPEATED,
    UNCHANGED,
    VOLUME,
    WORKERS,
    Judge,
    elsewhere,
)
from benchmark.conformance.networks import networks
from benchmark.conformance.parent import check
from benchmark.conformance.pools import LARGE, PLAIN, POOLS, fill
from benchmark.conformance.views import Watch, view
from benchmark.conformance.volume import judge_volume
from benchmark.submission.method_string import Method
from nnactive.errors import MethodError
from nnactive.geometry import Patch, clip_size
from nnactive.methods import BUILTIN, PoolView, Prediction, QueryMethod
from nnactive.query.checkpoint import PartDone
from nnactive.steps.query import QueryInputs, query
from nnactive.steps.start import start


class Sound(QueryMethod):
    """Keeps the contract; its subclasses break one thing each."""

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
    """Hides even the refusal."""

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
        object.__setattr__(pool.info, "labelled", (*pool.labelled, *chosen))
        return chosen


class SeedsTheProcess(Sound):
    """Always chooses the same patches, but disturbs all other draws."""

    def score(self, prediction):
        np.random.seed(0)  # noqa: NPY002
        return super().score(prediction)


class BuildsModule(Sound):
    def query(self, pool, n):
        torch.nn.Linear(3, 1)
        return super().query(pool, n)


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
    """Draws for all cases from one stream, so that their order matters."""

    def query(self, pool, n):
        self.rng = pool.rng("all")
        return super().query(pool, n)

    def score(self, prediction):
        return self.rng.random(prediction.mean.shape[1:])


class CountsWorkers(Sound):
    """Depends only on the number of workers."""

    def query(self, pool, n):
        chosen = super().query(pool, n)
        return chosen[::-1] if pool._sources.workers == 4 else chosen


class Backwards(Sound):
    """Breaks only if the cases come in another order."""

    def query(self, pool, n):
        count = itertools.count()
        turns = pool.map(lambda _: next(count))
        chosen = super().query(pool, n)
        return chosen[::-1] if turns != sorted(turns) and pool._sources.workers == 1 else chosen


def by_brightness(chosen, brightness):
    return sorted(chosen, key=lambda patch: (brightness.get(patch.case, 0), patch))


class LeavesBehind(Sound):
    """Silently loses work that map doesn't return when interrupted."""

    def query(self, pool, n):
        found = {}
        pool.map(lambda case: found.update({case: float(pool.image(case).mean())}))
        return by_brightness(super().query(pool, n), found)


class LeavesBehindLater(Sound):
    """Its first map is sound; the results of the second are lost."""

    def query(self, pool, n):
        chosen = super().query(pool, n)
        found = {}
        pool.map(lambda case: found.update({case: float(pool.image(case).mean())}))
        return by_brightness(chosen, found)


class LeavesInItself(Sound):
    """Can't resume at all."""

    def candidates(self, pool, case):
        self.__dict__.setdefault("found", {})[case] = super().candidates(pool, case)

    def choose(self, pool, candidates, n):
        return super().choose(pool, [each for case in pool.cases for each in self.found[case]], n)

    def query(self, pool, n):
        pool.map(lambda case: self.candidates(pool, case))
        return self.choose(pool, [], n)


class CannotBePickled(Sound):
    """Results that can't be stored are computed again, so nothing is lost."""

    def query(self, pool, n):
        found = pool.map(lambda case: lambda: self.candidates(pool, case))
        return self.choose(pool, [each for make in found for each in make()], n)


class Hoards(Sound):
    """On real images that would take all memory."""

    def query(self, pool, n):
        predictions = pool.map(pool.predict)
        chosen = super().query(pool, n)
        return chosen if predictions else []


class HoardsParts(Sound):
    """A view of one class, even as an array, keeps all classes in memory."""

    needs = frozenset({"mean", "expected_entropy"})

    def __init__(self, **parameters):
        super().__init__(**parameters)
        self.seen = []

    def score(self, prediction):
        self.seen.append(prediction.mean[1, 2:].numpy()[0])
        return super().score(prediction)


class Blind(Sound):
    """Declares nothing, so no network would run."""

    needs = frozenset()

    def candidates(self, pool, case):
        next(pool.predict(case).members())
        return super().candidates(pool, case)


class Circles(Sound):
    """A reference cycle is only garbage that has yet to be collected."""

    def score(self, prediction):
        circle = [prediction]
        circle.append(circle)
        return super().score(prediction)


BROKEN = {
    Raises: (CONTRACT, "pool in its second loop: ValueError: what ever"),
    Blind: (CONTRACT, r"a: no prediction, as the class declares needs = frozenset\(\)"),
    Short: (BUDGET, "pool in its second loop: 5 patches instead of 6"),
    Outside: (BOUNDS, r"the patch at \(.*\) leaves \("),
    Overlapping: (OVERLAP, "overlaps the chosen patch at"),
    OverLabelled: (OVERLAP, r"a: \((.*)\) overlaps the labelled patch at \(\1\)"),
    Looks: (LABELS, "asks for pool.oracle, without oracle = True"),
    LooksElsewhere: (LABELS, r"asks for labels of the patch at \(1, 1, 1\), which isn't labelled"),
    ChangesPrediction: (UNCHANGED, "prediction.mean of case a was changed"),
    ChangesImage: (UNCHANGED, "the image of case a was changed"),
    ChangesPool: (UNCHANGED, "the list of labelled patches was changed"),
    SeedsTheProcess: (UNCHANGED, "the global state of NumPy's random generator .* was changed"),
    BuildsModule: (UNCHANGED, r"torch's random generator \(draw, and build modules, inside 'with"),
    DrawsFromNumpy: (REPEATED, "patches differ in a second run; draw from pool.rng alone"),
    DrawsFromTorch: (REPEATED, "patches differ in a second run"),
    DrawsFromPython: (REPEATED, "another order of the patches in a second run"),
    Backwards: (ORDER, "another order of the patches with the cases taken backwards"),
    LeavesBehind: (INTERRUPTED, r"pool.map's function must return everything it computes"),
    LeavesBehindLater: (INTERRUPTED, "another order of the patches after an interruption; pool"),
    LeavesInItself: (INTERRUPTED, r"breaks the contract \(KeyError: 'a'\) after an interruption"),
    Hoards: (HELD, "2 predictions are still held when the next one is made; release each"),
    HoardsParts: (HELD, "2 predictions are still held"),
    CountsWorkers: (WORKERS, "another order of the patches with more workers"),
}
DISTURBS = {DrawsFromNumpy, DrawsFromTorch, DrawsFromPython}
"""These also change the global generators; their choices can't be compared any further."""


def failed(judge: Judge) -> dict[str, str]:
    return {v.check: v.detail for v in judge.verdicts() if v.state == "FAILED"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", BROKEN, ids=lambda kind: kind.__name__)
def test_each_broken_class_fails_its_check_and_no_other(kind) -> None:
    check, detail = BROKEN[kind]
    found = failed(Judge(kind, POOLS[:2]))
    assert check in found
    assert re.search(detail, found[check])
    assert all("\n" not in text for text in found.values())
    allowed = {check, UNCHANGED} if kind in DISTURBS else {check}
    assert set(found) <= allowed


@pytest.mark.parametrize("kind", [CannotBePickled, Circles])
def test_what_looks_odd_but_breaks_nothing_passes(kind) -> None:
    verdicts = list(Judge(kind, POOLS[:1]).verdicts())
    assert [v.check for v in verdicts if v.state != "ok"] == [LABELS]
    assert [v.check for v in verdicts][-1] == INTERRUPTED


def test_a_stream_for_all_cases_depends_on_their_order_and_the_workers() -> None:
    found = failed(Judge(OneStreamForAll, POOLS[:3]))
    assert set(found) == {ORDER, WORKERS, INTERRUPTED}
    assert "carry nothing from case to case" in found[WORKERS]


def test_without_needs_the_check_says_what_the_step_says(phantom, setting, tmp_path) -> None:
    start(phantom, setting, SEED, tmp_path / "loop_000.json")
    queries = (tmp_path / "loop_000.json",)
    inputs = QueryInputs(phantom, setting, SEED, 1, Blind(), "Blind", queries, tmp_path, ())
    with pytest.raises(MethodError) as caught:
        query(inputs, tmp_path / "loop_001.json", "cpu")
    said = str(caught.value).partition(": no prediction")[1:]
    assert said[0]
    assert failed(Judge(Blind, POOLS[:1]))[CONTRACT].partition(": no prediction")[1:] == said


def test_embeddings_are_of_the_steps_type_and_axes() -> None:
    contents = fill(PLAIN)
    watch = Watch(BorrowedPredictions(allowed=1, copies=False))
    pool = view(PLAIN, contents, BUILTIN["coreset"](), watch)
    real = networks(PLAIN, contents, None)
    wide = set()
    for patches in ([], [Patch("a", (0, 0, 0), (4, 4, 4)), Patch("a", (1, 2, 3), (4, 4, 4))]):
        expected = real.features("a", "encoder.-1", patches)
        found = pool.embed("a", patches)
        assert expected.shape == (len(patches), PLAIN.members * 8)
        assert (found.dtype, found.ndim) == (expected.dtype, expected.ndim)
        assert len(found) == len(expected)
        wide.add(found.shape[1])
    assert wide == {16}


def with_network(method):
    contents = fill(PLAIN)
    watch = Watch(BorrowedPredictions(allowed=1, copies=True))
    return view(PLAIN, contents, method(), watch), watch


class ReadsNetwork(Sound):
    """Everything that a method may ask of the ensemble."""

    needs = frozenset({"mean", "features", "network"})

    def candidates(self, pool, case):
        with pool.torch_rng("head", case):
            head = torch.nn.Linear(4, 1, bias=False)
        with torch.no_grad():
            features = pool.features(case, "decoder.-1")[0]
            score = features.map(lambda cells: torch.tensordot(head.weight[0], cells, dims=1))
        with pool.network(1) as net:
            net.dropout("encoder.0", 0.5, pool.torch_rng("dropout", case))
            logits = net.blend(pool.image(case), lambda tile: net.module(tile)[0])
            _, data = next(net.tiles(pool.image(case)))
            net.module(data).sum().backward()
            score += net.module.decoder.seg_layers[-1].weight.grad.sum()
        mirrored = pool.predict(case, image=pool.image(case)[:, ::-1]).mean
        score += logits[0] + self.score(pool.predict(case)) - mirrored[0]
        taken, limit = pool.labelled_in(case), self.limit(pool)
        return self.best_of_image(score, pool, case, taken, limit, pool.rng("noise", case))


@pytest.mark.slow
def test_a_method_that_reads_the_network_passes() -> None:
    pools = POOLS[:2]  # labelled patches, thin images
    assert failed(Judge(ReadsNetwork, pools)) == {}


def test_the_prediction_of_the_cases_own_image_is_its_prediction() -> None:
    pool, watch = with_network(ReadsNetwork)
    own = pool.predict("a").mean.clone()
    image = pool.image("a")
    same = pool.predict("a", image=image).mean
    torch.testing.assert_close(same, own)
    other = pool.predict("a", image=-image).mean  # beside the one of its own image
    assert not torch.allclose(other, own, atol=0.1)
    torch.testing.assert_close(other.sum(0), torch.ones(pool.shape("a")))
    assert watch.borrowed.excesses == []
    third = pool.predict("a", image=image / 2)
    assert watch.borrowed.excesses == []
    pool.predict("a", image=image)
    assert watch.borrowed.excesses == [3]
    del same, other, third
    pool.predict("a")
    assert watch.borrowed.excesses == [3]


def test_the_watched_pool_shows_what_every_pool_shows() -> None:
    watch = Watch(BorrowedPredictions(allowed=1, copies=False))
    pool = view(PLAIN, fill(PLAIN), Sound(), watch)
    assert {n for n in dir(pool) if n[0] != "_"} == {n for n in dir(PoolView) if n[0] != "_"}


def test_another_process_must_choose_the_same() -> None:
    judge = Judge(Sound)
    assert elsewhere(judge.answers, judge.answers, comparable=True).state == "ok"
    other = Judge(BUILTIN["random"])
    verdict = elsewhere(judge.answers, other.answers, comparable=True)
    assert (verdict.check, verdict.state) == (PROCESS, "FAILED")
    assert verdict.detail.startswith(
        "pool in its second loop: other patches in another process; sort"
    )
    for mine, comparable in ((Judge(Raises).answers, True), (judge.answers, False)):
        assert elsewhere(mine, judge.answers, comparable=comparable).state == "not judged"


@pytest.mark.slow
@pytest.mark.parametrize("name", BUILTIN)
def test_every_builtin_method_passes(name) -> None:
    judge = Judge(BUILTIN[name])
    verdicts = [*judge.verdicts(), elsewhere(judge.answers, judge.answers, comparable=True)]
    assert [v for v in verdicts if v.state not in {"ok", "not reached"}] == []
    # Every check but the first and the last, in the order of the table.
    assert tuple(v.check for v in verdicts) == CHECKS[1:-1]


def test_the_pools_hold_the_difficult_cases() -> None:
    specs = {spec.title: spec for spec in POOLS}
    thin = specs["pool with thin images"]
    assert any(
        n < p for shape in thin.shapes.values() for n, p in zip(shape, thin.patch_size, strict=True)
    )
    assert specs["pool in its second loop"].loop == 2
    assert specs["pool with one class"].classes == 2
    assert specs["pool in its last loop"].loop == 4
    assert len(set(specs["pool with anisotropic patches"].patch_size)) == 3
    assert len(set(specs["pool with anisotropic patches"].stride)) == 3
    for spec in POOLS:
        contents = fill(spec)
        for case, label in contents.labels.items():
            assert set(np.unique(label)) == set(range(spec.classes))
            known = contents.partial[case] != spec.classes
            inside = [patch for patch in contents.labelled if patch.case == case]
            assert known.sum() == sum(patch.voxels for patch in inside)
        for case in spec.shapes:
            members = list(contents.members(spec, case))
            assert len(members) == 3
            assert not torch.equal(members[0], members[1])


@pytest.mark.parametrize("spec", [*POOLS, LARGE], ids=lambda spec: spec.title.replace(" ", "_"))
def test_each_pool_starts_with_every_class_twice(spec) -> None:
    contents = fill(spec)
    assert len(contents.labelled) == 2 * spec.classes
    assert {patch.loop for patch in contents.labelled} == {0}
    for label in range(spec.classes):
        inside = [label in contents.labels[p.case][p.slices] for p in contents.labelled]
        assert sum(inside) >= 2
    for a, b in itertools.combinations(contents.labelled, 2):
        assert not a.overlaps(b)


def test_a_large_volume_gives_time_and_memory() -> None:
    class Hungry(Sound):
        def query(self, pool, n):
            assert np.ones(2**27, dtype=np.uint8).all()  # 0.125 GiB that it gives back
            return super().query(pool, n)

    verdict = judge_volume(Hungry, PLAIN)
    assert (verdict.check, verdict.state) == (VOLUME, "ok")
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
def test_the_table_has_all_checks_and_sets_are_caught(submitted, capfd, monkeypatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    # The order of a set of strings differs between processes but is constant within one.
    assert main(["check", f"{submitted}:Sets", "--param", "power=2"]) == 2
    out, err = capfd.readouterr()
    lines = [line.rstrip() for line in out.splitlines() if not line.startswith("   ")]
    assert [re.split(r"  +", line.strip())[0] for line in lines] == list(CHECKS)
    assert ["FAILED" in line for line in lines] == [name == PROCESS for name in CHECKS]
    assert lines[-1].endswith("GiB above the process")
    assert err.splitlines()[0] == f"[1/{len(CHECKS)}] {CHECKS[0]}: ok"
    assert err.splitlines()[-1] == f"error: {submitted}:Sets: 1 of {len(CHECKS)} checks failed"


def test_a_class_that_ends_its_process_fails_a_check(submitted) -> None:
    verdicts = check(Method.parse(f"{submitted}:Crashes"), 600, lambda _: None)
    assert tuple(verdict.check for verdict in verdicts) == CHECKS
    assert [verdict.state for verdict in verdicts] == [
        "ok",
        "FAILED",
        *["not judged"] * (len(CHECKS) - 2),
    ]
    assert verdicts[1].detail == "its process exited with status 3"


def test_a_class_that_hangs_is_stopped(tmp_path, capfd) -> None:
    path = tmp_path / "mine.py"
    path.write_text("import time\ntime.sleep(1000)\n")
    began = time.monotonic()
    assert main(["check", f"{path}:Mine", "--seconds", "2"]) == 2
    assert time.monotonic() - began < 500  # half of what it sleeps
    line = f"error: {path}:Mine: takes more than 2 s; allow more with --seconds"
    assert capfd.readouterr().err.splitlines()[-1] == line


def test_what_cannot_be_loaded_is_one_line(capfd) -> None:
    assert main(["check", "power_bald,betta=5"]) == 2
    out, err = capfd.readouterr()
    assert err.splitlines()[-1] == "error: power_bald: has no parameter 'betta'; it has beta"
    assert out == ""


class RaisesPartDone(Sound):
    def query(self, pool, n):
        raise PartDone


class RaisesItsOwn(Sound):
    def query(self, pool, n):
        raise GeneratorExit("mine")


@pytest.mark.parametrize("kind", [RaisesPartDone, RaisesItsOwn])
def test_what_no_method_should_raise_fails_the_contract(kind) -> None:
    (verdict, *_) = Judge(kind).verdicts()
    assert (verdict.check, verdict.state) == (CONTRACT, "FAILED")
