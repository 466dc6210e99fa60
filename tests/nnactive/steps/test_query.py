import itertools
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from support import SEED, Loop

from nnactive.data.prepared import PreparedDataset
from nnactive.errors import MethodError, NnactiveError, PredictionError
from nnactive.io.files import write_model
from nnactive.io.queries import load_patches
from nnactive.methods import BUILTIN, QueryMethod
from nnactive.pool.view import PoolView
from nnactive.query.checkpoint import Part
from nnactive.settings import Setting
from nnactive.steps.query import QueryInputs, query

METHODS = ("random", "predictive_entropy", "softrank_bald", "clasp_pe", "coreset")
"""One of each family; the others differ in parts that have their own tests."""


@pytest.fixture(scope="module")
def few(phantom: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The prepared phantom with a pool of seven cases."""
    folder = tmp_path_factory.mktemp("few") / "phantom"
    shutil.copytree(phantom, folder, symlinks=True)
    info = PreparedDataset(phantom).info
    write_model(folder / "prepared.json", info.model_copy(update={"pool": info.pool[:7]}))
    return folder


def choose(
    data: Path,
    setting: Setting,
    loop0: Loop,
    out: Path,
    method: QueryMethod,
    *,
    workers: int = 1,
    part: Part | None = None,
) -> bytes:
    inputs = QueryInputs(
        data=data,
        setting=setting,
        seed=SEED,
        loop=1,
        method=method,
        method_id="some-method",
        queries=(loop0.query,),
        train=loop0.train,
        members=tuple(loop0.members),
    )
    query(inputs, out, "cpu", workers=workers, part=part)
    return b"" if part else out.read_bytes()


@pytest.mark.parametrize("name", METHODS)
def test_the_same_models_give_the_same_query_in_two_runs_and_from_two_workers(
    name: str, few: Path, setting: Setting, loop0: Loop, tmp_path: Path
) -> None:
    method = BUILTIN[name]
    first = choose(few, setting, loop0, tmp_path / "a.json", method())
    again = choose(few, setting, loop0, tmp_path / "b.json", method())
    spread = choose(few, setting, loop0, tmp_path / "c.json", method(), workers=2)
    assert first == again == spread
    assert len(load_patches([tmp_path / "a.json"])) == setting.query_size


class ReadsNetwork(QueryMethod):
    """Features, gradients, dropout, another image, and a module of its own."""

    needs = frozenset({"mean", "features", "network"})

    def candidates(self, pool, case):
        assert (pool.n_members, pool.device) == (2, "cpu")
        with pool.torch_rng("head", case):
            head = torch.nn.Conv3d(4, 1, 1)
        with torch.no_grad():
            streamed = pool.features(case, "decoder.-1")
            score = sum(each.map(lambda cells: head(cells[None])[0, 0]) for each in streamed)
        with pool.network(1) as net:
            net.dropout("decoder.-1", 0.5, pool.torch_rng("dropout", case))
            score += net.blend(pool.image(case), lambda tile: net.module(tile)[0])[0]
            _, data = next(net.tiles(pool.image(case)))
            net.module(data).square().sum().backward()
            score *= net.module.decoder.seg_layers[-1].weight.grad.norm()
            with torch.no_grad():
                net.module.decoder.seg_layers[-1].weight.zero_()
        mirrored = pool.predict(case, image=np.flip(pool.image(case), 1)).mean
        score += (pool.predict(case).mean - mirrored.flip(1)).abs().sum(0)
        taken, limit = pool.labelled_in(case), self.limit(pool)
        return self.best_of_image(score, pool, case, taken, limit, pool.rng("noise", case))


@pytest.mark.slow
def test_a_method_that_reads_the_network_chooses_the_same_however_it_runs(
    few: Path, setting: Setting, loop0: Loop, tmp_path: Path
) -> None:
    once = choose(few, setting, loop0, tmp_path / "a.json", ReadsNetwork())
    for workers in (2, 4):
        out = tmp_path / f"{workers}.json"
        assert choose(few, setting, loop0, out, ReadsNetwork(), workers=workers) == once
    out = tmp_path / "parts.json"
    choose(few, setting, loop0, out, ReadsNetwork(), part=Part(2, 3))  # then it is interrupted
    assert choose(few, setting, loop0, out, ReadsNetwork()) == once


@pytest.fixture
def without_labels(few: Path, tmp_path: Path) -> Path:
    """The prepared phantom without complete label maps."""
    copy = tmp_path / "copy"
    shutil.copytree(few, copy)
    shutil.rmtree(copy / "pool_labels")
    shutil.rmtree(copy / "test_labels")
    return copy


class Spy(QueryMethod):
    """Keeps the view that the step passes it, then chooses nothing."""

    needs = frozenset()

    def query(self, pool, n):
        self.pool = pool
        return []


class OracleSpy(Spy):
    oracle = True


def view(phantom: Path, setting: Setting, loop0: Loop, tmp_path: Path, method: Spy) -> PoolView:
    with pytest.raises(MethodError, match="too few"):
        choose(phantom, setting, loop0, tmp_path / "a.json", method)
    return method.pool


def test_the_view_of_the_step_shows_labels_in_labelled_patches_alone(
    phantom: Path, setting: Setting, loop0: Loop, tmp_path: Path
) -> None:
    pool = view(phantom, setting, loop0, tmp_path, Spy())
    dataset = PreparedDataset(phantom)
    assert pool._sources.oracle_labels is None
    with pytest.raises(MethodError, match="oracle"):
        _ = pool.oracle
    for patch in pool.labelled:
        expected = dataset.pool_label(patch.case)[patch.slices]
        assert (pool.labels_in(patch) == expected).all()
        shown = pool._sources.partial_labels(patch.case).copy()
        for other in pool.labelled_in(patch.case):
            shown[other.slices] = len(dataset.info.classes)
        assert (shown == len(dataset.info.classes)).all()


def test_a_method_that_declares_it_sees_ground_truth(
    phantom: Path, setting: Setting, loop0: Loop, tmp_path: Path
) -> None:
    pool = view(phantom, setting, loop0, tmp_path, OracleSpy())
    case = pool.cases[0]
    assert (pool.oracle.label(case) == PreparedDataset(phantom).pool_label(case)).all()


@pytest.mark.parametrize("name", [name for name in METHODS if not BUILTIN[name].oracle])
def test_methods_choose_without_the_pools_labels(
    name: str, few: Path, without_labels: Path, setting: Setting, loop0: Loop, tmp_path: Path
) -> None:
    with_labels = choose(few, setting, loop0, tmp_path / "a.json", BUILTIN[name]())
    without = choose(without_labels, setting, loop0, tmp_path / "b.json", BUILTIN[name]())
    assert with_labels == without


def test_a_method_that_uses_ground_truth_needs_them(
    without_labels: Path, setting: Setting, loop0: Loop, tmp_path: Path
) -> None:
    with pytest.raises(NnactiveError, match="pool_labels"):
        choose(without_labels, setting, loop0, tmp_path / "a.json", BUILTIN["random_fg66"]())


def test_a_method_that_breaks_its_contract_leaves_no_loop_file(
    phantom: Path, setting: Setting, loop0: Loop, tmp_path: Path
) -> None:
    class Nothing(QueryMethod):
        needs = frozenset()

        def query(self, pool, n):
            return []

    with pytest.raises(MethodError, match="too few"):
        choose(phantom, setting, loop0, tmp_path / "a.json", Nothing())
    assert not (tmp_path / "a.json").exists()


def test_a_method_that_declares_no_need_gets_no_prediction(
    phantom: Path, setting: Setting, loop0: Loop, tmp_path: Path
) -> None:
    class Sly(QueryMethod):
        needs = frozenset()

        def score(self, prediction):
            return prediction.mean[0]

    with pytest.raises(MethodError, match="needs"):
        choose(phantom, setting, loop0, tmp_path / "a.json", Sly())


def interrupted_at(monkeypatch: pytest.MonkeyPatch, count: int) -> list[str]:
    """Let the ensemble predict ``count`` images and then fail; return the list of images."""
    from nnactive.nnunet.predict.ensemble import Ensemble

    predict = Ensemble.probabilities
    seen: list[str] = []

    def failing(self, image):
        if len(seen) >= count:
            raise KeyboardInterrupt
        seen.append(image.tobytes())
        return predict(self, image)

    monkeypatch.setattr(Ensemble, "probabilities", failing)
    return seen


@pytest.mark.parametrize("name", ["softrank_bald", "clasp_pe"])
def test_an_interrupted_query_resumes_with_the_same_choice(
    name: str, few: Path, setting: Setting, loop0: Loop, tmp_path: Path
) -> None:
    method = BUILTIN[name]
    whole = choose(few, setting, loop0, tmp_path / "whole.json", method())
    images = len(PreparedDataset(few).info.pool)
    with pytest.MonkeyPatch.context() as patch:
        interrupted_at(patch, images - 2)
        with pytest.raises(KeyboardInterrupt):
            choose(few, setting, loop0, tmp_path / "out.json", method())
    assert not (tmp_path / "out.json").exists()
    with pytest.MonkeyPatch.context() as patch:
        seen = interrupted_at(patch, images)
        # The next attempt writes to a draft's name, as the command line does.
        assert choose(few, setting, loop0, tmp_path / ".out.json", method()) == whole
    assert len(seen) == 2
    assert {path.name for path in tmp_path.iterdir()} == {"whole.json", ".out.json"}


def test_other_members_start_over(few: Path, setting: Setting, loop0: Loop, tmp_path: Path) -> None:
    method = BUILTIN["predictive_entropy"]
    images = len(PreparedDataset(few).info.pool)
    with pytest.MonkeyPatch.context() as patch:
        interrupted_at(patch, images - 2)
        with pytest.raises(KeyboardInterrupt):
            choose(few, setting, loop0, tmp_path / "out.json", method())
    one = Loop(loop0.query, loop0.train, loop0.members[:1])
    with pytest.MonkeyPatch.context() as patch:
        seen = interrupted_at(patch, images)
        resumed = choose(few, setting, one, tmp_path / "out.json", method())
    assert len(seen) == images
    assert resumed == choose(few, setting, one, tmp_path / "fresh.json", method())


@pytest.mark.parametrize("name", ["predictive_entropy", "softrank_bald", "cla_pe_66", "coreset"])
def test_parts_and_the_rest_give_what_one_run_gives(
    name: str, few: Path, setting: Setting, loop0: Loop, tmp_path: Path
) -> None:
    method = BUILTIN[name]
    whole = choose(few, setting, loop0, tmp_path / "whole.json", method())
    for number in (2, 3, 1):
        choose(few, setting, loop0, tmp_path / "out.json", method(), part=Part(number, 3))
        assert not (tmp_path / "out.json").exists()
    with pytest.MonkeyPatch.context() as patch:
        interrupted_at(patch, 0)  # nothing is left to predict
        assert choose(few, setting, loop0, tmp_path / "out.json", method()) == whole


def test_a_method_without_map_has_no_part(
    few: Path, setting: Setting, loop0: Loop, tmp_path: Path
) -> None:
    method = BUILTIN["random"]
    choose(few, setting, loop0, tmp_path / "out.json", method(), part=Part(1, 2))
    assert not list(tmp_path.iterdir())


SCRIPT = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = {path!r}
from test_query_author import Slow
from nnactive.io.files import write_model
from nnactive.query.checkpoint import Part
from nnactive.settings import Setting
from nnactive.steps.query import QueryInputs, query

data, setting, loop, out, part = sys.argv[1:]
inputs = QueryInputs(
    Path(data), Setting.model_validate_json(setting), 7, 1, Slow(), "slow", (Path(loop),),
    Path("none"), (),
)
query(inputs, Path(out), "cpu", part=Part.parse(part) if part else None)
"""

AUTHOR = """
import os, signal
from pathlib import Path
from nnactive.methods import Candidate, Patch, QueryMethod

class Slow(QueryMethod):
    needs = frozenset()

    def candidates(self, pool, case):
        log = Path(os.environ["CALLS"])
        with log.open("a") as calls:
            calls.write(case + "\\n")
        if len(log.read_text().split()) == int(os.environ["KILL_AT"]):
            os.kill(os.getpid(), signal.SIGKILL)
        corner = tuple(n - min(n, 6) for n in pool.shape(case))
        patch = Patch(case, corner, tuple(min(n, 6) for n in pool.shape(case)))
        free = not any(patch.overlaps(p) for p in pool.labelled)
        return [Candidate(pool.rng("noise", case).random(), patch)] if free else []
"""


@pytest.mark.slow
def test_killed_processes_and_parts_in_processes_lose_nothing(
    few: Path, setting: Setting, loop0: Loop, tmp_path: Path
) -> None:
    (tmp_path / "test_query_author.py").write_text(AUTHOR)
    (tmp_path / "script.py").write_text(SCRIPT.format(path=[str(tmp_path)]))
    cases = [case.id for case in PreparedDataset(few).info.pool]

    def start(out: str, kill_at: int, part: str = "", log: str = "") -> subprocess.Popen:
        environment = {**os.environ, "CALLS": str(tmp_path / f"{log or out}.txt")}
        arguments = [few, setting.model_dump_json(), loop0.query, tmp_path / out, part]
        return subprocess.Popen(
            [sys.executable, tmp_path / "script.py", *map(str, arguments)],
            env={**environment, "KILL_AT": str(kill_at)},
        )

    def calls(log: str) -> list[str]:
        return (tmp_path / f"{log}.txt").read_text().split()

    parts = [start("shared", -1, f"{n}/3", log=f"part{n}") for n in (1, 2, 3)]
    assert start("whole", -1).wait() == 0
    whole = (tmp_path / "whole").read_bytes()

    assert start("killed", 5).wait() == -signal.SIGKILL
    assert not (tmp_path / "killed").exists()
    assert start("killed", -1).wait() == 0
    assert (tmp_path / "killed").read_bytes() == whole
    assert calls("killed") == [*cases[:5], *cases[4:]]  # the fifth was lost

    assert [process.wait() for process in parts] == [0, 0, 0]
    assert [calls(f"part{n}") for n in (1, 2, 3)] == [cases[0::3], cases[1::3], cases[2::3]]
    assert start("shared", -1).wait() == 0
    assert (tmp_path / "shared").read_bytes() == whole
    assert not (tmp_path / "shared.txt").exists()
    assert not list(tmp_path.glob(".*"))


def test_a_method_that_stores_its_work_on_itself_starts_over(
    few: Path, setting: Setting, loop0: Loop, tmp_path: Path, monkeypatch
) -> None:
    class Selfish(QueryMethod):
        needs = frozenset()
        fails = True

        def query(self, pool, n):
            found = {}

            def keep(case):
                if self.fails and len(found) == 3:
                    raise KeyboardInterrupt
                found[case] = pool.shape(case)

            pool.map(keep)
            assert len(found) == len(pool.cases)
            return BUILTIN["random"]().query(pool, n)

    with pytest.raises(KeyboardInterrupt):
        choose(few, setting, loop0, tmp_path / "out.json", Selfish())
    monkeypatch.setattr(Selfish, "fails", False)
    resumed = choose(few, setting, loop0, tmp_path / "out.json", Selfish())
    assert resumed == choose(few, setting, loop0, tmp_path / "whole.json", Selfish())


def test_a_diverged_member_loses_no_finished_work(
    few: Path, setting: Setting, loop0: Loop, tmp_path: Path
) -> None:
    from nnactive.nnunet.predict.ensemble import Ensemble

    images = len(PreparedDataset(few).info.pool)
    predict, count = Ensemble.probabilities, itertools.count()

    def diverging(self, image):
        spoilt = next(count) == images - 1
        return (member * float("nan") if spoilt else member for member in predict(self, image))

    method = BUILTIN["predictive_entropy"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ensemble, "probabilities", diverging)
        with pytest.raises(PredictionError, match=r"^predictive_entropy: .*: member 0.*NaN"):
            choose(few, setting, loop0, tmp_path / "out.json", method())
    with pytest.MonkeyPatch.context() as patch:
        seen = interrupted_at(patch, 1)
        choose(few, setting, loop0, tmp_path / "out.json", method())
    assert len(seen) == 1


def test_a_constructor_need_not_call_the_base_class(
    few: Path, setting: Setting, loop0: Loop, tmp_path: Path
) -> None:
    class Own(BUILTIN["bald"]):
        name = "bald"

        def __init__(self) -> None:
            self.mine = 1

    own = choose(few, setting, loop0, tmp_path / "own.json", Own())
    assert own == choose(few, setting, loop0, tmp_path / "bald.json", BUILTIN["bald"]())
