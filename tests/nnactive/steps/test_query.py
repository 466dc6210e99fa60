import shutil
from pathlib import Path

import pytest
from support import SEED, Loop

from nnactive.data.prepared import PreparedDataset
from nnactive.errors import MethodError, NnactiveError
from nnactive.methods import BUILTIN, QueryMethod
from nnactive.pool import PoolView
from nnactive.queries import load_patches
from nnactive.settings import Setting
from nnactive.steps.query import query

METHODS = sorted(BUILTIN)


def choose(
    data: Path,
    setting: Setting,
    loop0: Loop,
    out: Path,
    method: QueryMethod,
    *,
    workers: int = 1,
    seed: int = SEED,
) -> bytes:
    query(
        data,
        setting,
        seed,
        1,
        method,
        "some-method",
        [loop0.query],
        loop0.train,
        loop0.members,
        workers,
        out,
        "cpu",
    )
    return out.read_bytes()


@pytest.mark.parametrize("name", METHODS)
def test_the_same_models_give_the_same_query_in_two_runs_and_from_two_workers(
    name: str, phantom: Path, setting: Setting, loop0: Loop, tmp_path: Path
) -> None:
    method = BUILTIN[name]
    first = choose(phantom, setting, loop0, tmp_path / "a.json", method())
    again = choose(phantom, setting, loop0, tmp_path / "b.json", method())
    spread = choose(phantom, setting, loop0, tmp_path / "c.json", method(), workers=2)
    assert first == again == spread
    assert len(load_patches([tmp_path / "a.json"])) == setting.query_size


@pytest.fixture
def without_labels(phantom: Path, tmp_path: Path) -> Path:
    """The prepared phantom whose complete label maps are gone."""
    copy = tmp_path / "phantom"
    shutil.copytree(phantom, copy)
    shutil.rmtree(copy / "pool_labels")
    shutil.rmtree(copy / "test_labels")
    return copy


class Spy(QueryMethod):
    """Keeps the view that the step hands it, then chooses nothing."""

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
    assert pool.oracle_labels is None
    with pytest.raises(MethodError, match="oracle"):
        _ = pool.oracle
    for patch in pool.labelled:
        expected = dataset.pool_label(patch.case)[patch.slices]
        assert (pool.labels_in(patch) == expected).all()
        shown = pool.partial_labels(patch.case).copy()
        for other in pool.labelled_in(patch.case):
            shown[other.slices] = len(dataset.info.classes)
        assert (shown == len(dataset.info.classes)).all()


def test_a_declared_oracle_sees_all(
    phantom: Path, setting: Setting, loop0: Loop, tmp_path: Path
) -> None:
    pool = view(phantom, setting, loop0, tmp_path, OracleSpy())
    case = pool.cases[0]
    assert (pool.oracle.label(case) == PreparedDataset(phantom).pool_label(case)).all()


@pytest.mark.parametrize("name", [name for name in METHODS if not BUILTIN[name].oracle])
def test_methods_choose_without_the_pools_labels(
    name: str, phantom: Path, without_labels: Path, setting: Setting, loop0: Loop, tmp_path: Path
) -> None:
    with_labels = choose(phantom, setting, loop0, tmp_path / "a.json", BUILTIN[name]())
    without = choose(without_labels, setting, loop0, tmp_path / "b.json", BUILTIN[name]())
    assert with_labels == without


def test_an_oracle_method_does_need_them(
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
