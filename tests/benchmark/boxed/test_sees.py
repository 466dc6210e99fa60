"""Which files a box holds, without one."""

from pathlib import Path

import pytest
from support import SEED, Loop

from benchmark.boxed.query import QueryAsk, _box
from benchmark.boxed.room import room_for
from benchmark.boxed.sees import loops_of, method_of, training_of
from benchmark.submission.spec import MethodSpec, describe
from nnactive.data.prepared import PreparedDataset
from nnactive.io.files import write_model
from nnactive.io.queries import load_query, save_query
from nnactive.settings import Setting
from nnactive.steps.annotate import annotate
from nnactive.steps.pool_files import facts_of
from nnactive.steps.query import Chosen, write_choice


def ask_of(phantom: Path, loop0: Loop, root: Path) -> QueryAsk:
    return QueryAsk(
        data=phantom,
        setting_file=root / "setting.json",
        spec_file=root / "methods" / "bald.json",
        seed=SEED,
        loop=1,
        train=loop0.train,
        queries=(loop0.query,),
        members=tuple(loop0.members),
        past=(),
        device="cpu",
        workers=1,
        part=None,
        progress=lambda *_: None,
        recheck=lambda: None,
    )


def files_in(paths: tuple[Path, ...]) -> set[Path]:
    """Real files that can be reached; a link alone reaches nothing."""
    below = {each for path in paths if path.is_dir() for each in path.rglob("*")}
    return {path.resolve() for path in paths} | {p for p in below if not p.is_symlink()}


@pytest.fixture
def spec() -> MethodSpec:
    return describe("bald")


def test_a_box_holds_the_pools_images_and_no_secret(
    phantom: Path, setting: Setting, loop0: Loop, spec: MethodSpec, tmp_path: Path
) -> None:
    dataset = PreparedDataset(phantom)
    ask = ask_of(phantom, loop0, tmp_path).real()
    with room_for(tmp_path / ".loop_001.json") as room:
        box = _box(ask, spec, setting, facts_of(dataset), room)
        assert box.writes == room.writes
        assert all(folder.is_dir() for folder in box.writes)
    there = {path for path in files_in(box.reads) if path.is_relative_to(phantom.resolve())}
    pool = {dataset.image_file(case.id).resolve() for case in dataset.info.pool}
    assert there == {*pool, (phantom / "dataset.json").resolve()}
    assert loop0.members[0].resolve() in files_in(box.reads)
    assert not any(path.is_dir() for path in box.reads if path.is_relative_to(phantom))


def test_a_method_without_needs_gets_no_ensemble(
    phantom: Path, setting: Setting, loop0: Loop, tmp_path: Path
) -> None:
    ask = ask_of(phantom, loop0, tmp_path).real()
    with room_for(tmp_path / ".loop_001.json") as room:
        facts = facts_of(PreparedDataset(phantom))
        box = _box(ask, describe("random"), setting, facts, room)
    assert not box.gpu
    assert not {member.resolve() for member in loop0.members} & files_in(box.reads)


def test_only_an_oracle_gets_the_pools_labels(
    phantom: Path, setting: Setting, loop0: Loop, spec: MethodSpec, tmp_path: Path
) -> None:
    dataset = PreparedDataset(phantom)
    oracle = spec.model_copy(update={"record": spec.record.model_copy(update={"oracle": True})})
    ask = ask_of(phantom, loop0, tmp_path).real()
    with room_for(tmp_path / ".loop_001.json") as room:
        box = _box(ask, oracle, setting, facts_of(dataset, labels=True), room)
    labels = {path for path in box.reads if path.parent.name == "pool_labels"}
    assert {path.name.partition(".")[0] for path in labels} == {c.id for c in dataset.info.pool}
    assert not [path for path in files_in(box.reads) if path.parent.name == "test_labels"]


def test_what_is_known_of_a_pool_says_nothing_of_labels_or_test_set(phantom: Path) -> None:
    dataset = PreparedDataset(phantom)
    facts = facts_of(dataset)
    assert set(facts.shapes) == {case.id for case in dataset.info.pool}
    assert set(facts.sums) == {f"images/{case.id}.b2nd" for case in dataset.info.pool}
    words = repr(facts)
    assert not [case.id for case in dataset.info.test if case.id in words]
    assert str(dataset.info.pool_voxels) not in words


def test_links_of_later_loops_are_followed_to_the_files_of_earlier_ones(
    phantom: Path, setting: Setting, loop0: Loop, tmp_path: Path
) -> None:
    dataset = PreparedDataset(phantom)
    first = load_query(loop0.query)
    empty = [c.id for c in dataset.info.pool if c.id not in {p.case for p in first.patches}]
    patch = first.patches[0].model_copy(update={"case": empty[0], "start": (0, 0, 0)})
    later = first.model_copy(update={"loop": 1, "patches": (patch,), "method": "m"})
    save_query(tmp_path / "loop_001.json", later)
    train = tmp_path / "train"
    queries = [loop0.query, tmp_path / "loop_001.json"]
    annotate(phantom, setting, SEED, queries, loop0.train, train)
    seen = set(training_of(train.resolve()))
    assert loop0.train.resolve() in seen
    links = [each for each in train.rglob("*") if each.is_symlink()]
    reached = [each for each in links if seen & {each.resolve(), *each.resolve().parents}]
    assert {each.name for each in {*links} - {*reached}} == {"dataset_fingerprint.json"}


def test_a_methods_copy_and_the_latest_state_are_seen(tmp_path: Path) -> None:
    spec = tmp_path / "mine-1.json"
    (tmp_path / "mine-1").mkdir()
    (tmp_path / "mine-12").mkdir()
    write_model(spec, describe("bald"))
    assert list(method_of(spec)) == [spec, tmp_path / "mine-1"]
    files = [tmp_path / f"loop_00{loop}.json" for loop in (1, 2)]
    for loop, file in enumerate(files, 1):
        write_choice(file, ("s", "m", 1, loop), "d", Chosen([], b"[]"), "none")
    assert list(loops_of(files)) == [*files, tmp_path / "loop_002.state.json"]
