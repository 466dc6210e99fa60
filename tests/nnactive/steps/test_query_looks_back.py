"""The query step for methods that look back: earlier ensembles, and a state between loops."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from support import SEED, Loop

from nnactive.data.prepared import PreparedDataset
from nnactive.errors import MethodError, UserError
from nnactive.io.files import sha256, write_model
from nnactive.io.queries import load_query, load_state, state_file
from nnactive.methods import QueryMethod
from nnactive.nnunet.predict.ensemble import Ensemble
from nnactive.pool.state import decode
from nnactive.query.checkpoint import Part
from nnactive.settings import Setting
from nnactive.steps.history import TrainedLoop, past_loops
from nnactive.steps.query import QueryInputs, query


@pytest.fixture(scope="module")
def few(phantom: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The prepared phantom with a pool of three cases more than the start needs."""
    folder = tmp_path_factory.mktemp("few") / "phantom"
    shutil.copytree(phantom, folder, symlinks=True)
    info = PreparedDataset(phantom).info
    write_model(folder / "prepared.json", info.model_copy(update={"pool": info.pool[:7]}))
    return folder


class Counter(QueryMethod):
    """Random patches; counts the queries and keeps an array."""

    needs = frozenset()

    def query(self, pool, n):
        from nnactive.methods import BUILTIN

        before = pool.state or {"loops": [], "sum": np.zeros(2)}
        pool.map(lambda case: float(pool.image(case).mean()))
        pool.save({"loops": [*before["loops"], pool.loop], "sum": before["sum"] + pool.loop})
        self.fail(pool)
        return BUILTIN["random"]().query(pool, n)

    def fail(self, pool):
        pass


class Fails(Counter):
    def fail(self, pool):
        raise ValueError("no")


class Interrupted(Counter):
    def fail(self, pool):
        raise KeyboardInterrupt


class SavesNothing(QueryMethod):
    needs = frozenset()

    def query(self, pool, n):
        from nnactive.methods import BUILTIN

        return BUILTIN["random"]().query(pool, n)


@pytest.fixture
def ask(few: Path, setting: Setting, loop0: Loop, tmp_path: Path):
    """Run the query of a loop after those that are in the folder."""

    def run(method: QueryMethod, loop: int, name: str = "", **changes) -> Path:
        made = [tmp_path / f"loop_{number:03d}.json" for number in range(1, loop)]
        inputs = {
            "data": few,
            "setting": setting,
            "seed": SEED,
            "loop": loop,
            "method": method,
            "method_id": "some-method",
            "queries": (loop0.query, *made),
            "train": loop0.train,
            "members": tuple(loop0.members),
        }
        part, workers = changes.pop("part", None), changes.pop("workers", 1)
        out = tmp_path / (name or f"loop_{loop:03d}.json")
        query(QueryInputs(**{**inputs, **changes}), out, "cpu", part=part, workers=workers)
        return out

    return run


def test_a_state_goes_from_loop_to_loop_with_its_hash_in_the_loop_file(ask) -> None:
    first, second, third = (ask(Counter(), loop) for loop in (1, 2, 3))
    found = decode(state_file(third).read_bytes())
    assert found["loops"] == [1, 2, 3]
    assert found["sum"].tolist() == [6, 6]
    for file in (first, second, third):
        assert load_query(file).state == sha256(state_file(file))
    again = ask(Counter(), 3, ".loop_003.json")  # as the command line names a draft
    assert again.read_bytes() == third.read_bytes()
    assert state_file(again) == state_file(third)


def test_a_query_that_saves_nothing_leaves_the_loop_file_as_it_was(ask, tmp_path) -> None:
    file = ask(SavesNothing(), 1)
    assert "state" not in json.loads(file.read_text())
    assert [path.name for path in tmp_path.iterdir()] == ["loop_001.json"]
    ask(Counter(), 1)
    ask(SavesNothing(), 1)
    assert not state_file(file).exists()
    assert load_state([file], "some-method") is None


@pytest.mark.parametrize(
    ("kind", "error"), [(Fails, MethodError), (Interrupted, KeyboardInterrupt)]
)
def test_a_query_that_fails_or_is_interrupted_leaves_no_state(ask, tmp_path, kind, error) -> None:
    with pytest.raises(error):
        ask(kind(), 1)
    left = {path.name for path in tmp_path.iterdir()}
    assert not {"loop_001.json", "loop_001.state.json"} & left
    ask(Counter(), 1, part=Part(1, 2))
    assert not {"loop_001.json", "loop_001.state.json"} & {p.name for p in tmp_path.iterdir()}
    assert decode(state_file(ask(Counter(), 1)).read_bytes())["loops"] == [1]
    assert not list(tmp_path.glob(".*"))


def test_a_changed_or_missing_state_is_one_line(ask) -> None:
    file = state_file(ask(Counter(), 1))
    content = file.read_bytes()
    file.write_bytes(content[:-1] + b" ")
    with pytest.raises(UserError, match=r"loop_001\.state\.json: differs from what loop 1 saved"):
        ask(Counter(), 2)
    file.unlink()
    with pytest.raises(UserError, match=r"loop_001\.state\.json: missing, though loop 1 saved it"):
        ask(Counter(), 2)
    file.write_bytes(content)
    ask(Counter(), 2)


def test_another_methods_state_is_none_of_its_own(ask) -> None:
    ask(Counter(), 1)
    other = ask(Counter(), 2, method_id="other")
    assert decode(state_file(other).read_bytes())["loops"] == [2]


def test_another_state_starts_the_images_over(ask, tmp_path) -> None:
    def checkpoint() -> str:
        with pytest.raises(KeyboardInterrupt):
            ask(Interrupted(), 2)
        (folder,) = (tmp_path / ".loop_002.json.checkpoint").iterdir()
        return folder.name

    ask(Counter(), 1)
    first = checkpoint()
    assert checkpoint() == first

    class Other(Counter):
        def query(self, pool, n):
            chosen = super().query(pool, n)
            pool.save({"loops": [9], "sum": np.zeros(2)})
            return chosen

    ask(Other(), 1)
    assert checkpoint() != first


class Change(QueryMethod):
    """Keeps what each loop predicts for two cases, in an order that alternates between loops."""

    needs = frozenset({"mean", "history"})

    def query(self, pool, n):
        self.found = {
            (case, past.loop): past.predict(case).mean.numpy().copy()
            for case in pool.cases[:2]
            for past in pool.history
        }
        self.now = {case: pool.predict(case).mean.numpy().copy() for case in pool.cases[:2]}
        kept = pool.history[0].predict(pool.cases[0])
        pool.history[1].predict(pool.cases[0])
        self.members = [member.numpy().copy() for member in kept.members()]
        return SavesNothing().query(pool, n)


def test_earlier_ensembles_predict_one_at_a_time(ask, loop0, monkeypatch) -> None:
    ask(SavesNothing(), 1)
    ask(SavesNothing(), 2)
    one, two = loop0.members
    past = (TrainedLoop(loop0.train, (one,)), TrainedLoop(loop0.train, (two,)))
    loaded: list[list[Path]] = []
    make = Ensemble.__init__

    def counting(self, train, members, **options):
        loaded.append(members)
        make(self, train, members, **options)

    monkeypatch.setattr(Ensemble, "__init__", counting)
    method = Change()
    ask(method, 3, past=past)
    cases = sorted(method.now)
    for case in cases:
        assert (method.found[case, 2] == method.now[case]).all()
        assert not (method.found[case, 0] == method.found[case, 1]).all()
        both = (method.found[case, 0] + method.found[case, 1]) / 2
        assert np.allclose(both, method.now[case], atol=1e-6)
    assert len(method.members) == 1
    assert (method.members[0] == method.found[cases[0], 0]).all()
    assert loaded == [[one, two], *[[one], [two]] * 3, [one]]


class OldAndNew(QueryMethod):
    """Where the current ensemble differs from any before it."""

    needs = frozenset({"mean", "history"})

    def candidates(self, pool, case):
        now = pool.predict(case).mean
        score = sum((past.predict(case).mean - now).abs().sum(0) for past in pool.history[:-1])
        free, rng = pool.labelled_in(case), pool.rng("noise", case)
        return self.best_of_image(score, pool, case, free, self.limit(pool), rng)


@pytest.mark.slow
def test_workers_and_parts_that_look_back_choose_the_same(ask, loop0, tmp_path) -> None:
    ask(SavesNothing(), 1)
    ask(SavesNothing(), 2)
    one, two = loop0.members
    past = (TrainedLoop(loop0.train, (one,)), TrainedLoop(loop0.train, (two,)))
    whole = ask(OldAndNew(), 3, past=past).read_bytes()
    assert ask(OldAndNew(), 3, "b.json", past=past, workers=2).read_bytes() == whole
    for number in (1, 2):
        ask(OldAndNew(), 3, "c.json", past=past, part=Part(number, 2))
    assert (tmp_path / ".c.json.checkpoint").is_dir()
    assert ask(OldAndNew(), 3, "c.json", past=past).read_bytes() == whole
    for given in (past, past[::-1]):
        ask(OldAndNew(), 3, "d.json", past=given, part=Part(1, 2))
    # Other earlier ensembles: nothing of the first part counts.
    assert len(list((tmp_path / ".d.json.checkpoint").iterdir())) == 2


def test_a_method_that_looks_back_needs_all_earlier_ensembles(ask, loop0) -> None:
    ask(SavesNothing(), 1)
    with pytest.raises(UserError, match="loop 2 needs 1 earlier ensemble"):
        ask(Change(), 2)


def test_past_loops_are_grouped_by_their_training_folders() -> None:
    trains, members = [Path("a"), Path("b")], [Path(name) for name in "1234"]
    assert past_loops(trains, members) == (
        TrainedLoop(Path("a"), (Path("1"), Path("2"))),
        TrainedLoop(Path("b"), (Path("3"), Path("4"))),
    )
    assert past_loops([], []) == ()
