"""The step that takes a loop's patches from another track's run, on loop files made by hand."""

import json
from pathlib import Path

import pytest
from toy import make_track

from benchmark.chain.images import Checksums
from benchmark.layout import Experiment, query_file
from benchmark.taken.sources import check_sources
from benchmark.taken.take import Wanted, take
from benchmark.tracks import Track
from nnactive.errors import RefusedError, UserError
from nnactive.io.files import sha256, write_model
from nnactive.io.queries import PatchRecord, Query, load_query, save_query
from nnactive.io.seals import seal
from nnactive.settings import Setting, TakenQueries, Training

EXPERIMENT = Experiment("s", "random", 1)
CHOSEN = make_track().settings[0].model_copy(update={"query_size": 2})
LONGER = CHOSEN.model_copy(
    update={"training": Training(epochs=500), "queries": TakenQueries(track="first")}
)
FIRST = Path("../first")


def patches(*starts: int) -> tuple[PatchRecord, ...]:
    return tuple(PatchRecord(case="a", start=(z, 0, 0), size=(4, 4, 4)) for z in starts)


def loop_file(loop: int, *starts: int, **changes: object) -> Query:
    made = Query(
        dataset="phantom",
        setting="s",
        method="random" if loop else "start",
        seed=1,
        loop=loop,
        patches=patches(*starts),
        isolation="bubblewrap",
    )
    return made.model_copy(update=changes)


def write(root: Path, query: Query) -> Path:
    file = root / query_file(EXPERIMENT, query.loop)
    save_query(file, query, b"memory" if query.loop else None)
    seal(file, file, {})
    return file


@pytest.fixture
def second(tmp_path, monkeypatch) -> Path:
    """Folder of the track that takes, beside a finished one; the steps run in it."""
    own = tmp_path / "second"
    own.mkdir()
    monkeypatch.chdir(own)
    for root in (FIRST, Path()):
        write_model(root / "datasets.json", Checksums(checksums={"phantom": "c"}))
        write(root, loop_file(0, 0))
    write_model(FIRST / "s" / "setting.json", CHOSEN)
    write(FIRST, loop_file(1, 5, 10))
    write(FIRST, loop_file(2, 15, 20))
    return own


def taken(loop: int = 1, setting: Setting = LONGER) -> Query:
    wanted = Wanted(setting, EXPERIMENT, loop)
    out = query_file(EXPERIMENT, loop)
    read = take(wanted, query_file(EXPERIMENT, 0), out)
    assert set(read) == {str(path) for path in wanted.sources}
    return load_query(out)


@pytest.mark.usefixtures("second")
def test_a_loop_file_has_the_patches_and_says_whose_they_are() -> None:
    for loop in (1, 2):
        there = FIRST / query_file(EXPERIMENT, loop)
        query, before = taken(loop), load_query(there)
        assert query.patches == before.patches
        assert query.isolation == "bubblewrap"
        assert query.chosen_in is not None
        assert (query.chosen_in.track, query.chosen_in.digest) == ("first", sha256(there))
        # What the method saved for its next query is of no use here.
        assert before.state is not None
        assert query.state is None


@pytest.mark.usefixtures("second")
def test_a_loop_file_of_the_methods_own_choice_is_written_as_before() -> None:
    assert "chosen_in" not in json.loads((FIRST / query_file(EXPERIMENT, 1)).read_text())


@pytest.mark.usefixtures("second")
def test_one_of_an_older_version_has_no_seal_and_will_do() -> None:
    for file in FIRST.rglob("*.seal.json"):
        file.unlink()
    assert taken().patches == patches(5, 10)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dataset": "acdc"}, "dataset is 'acdc', not 'phantom'"),
        ({"method": "bald"}, "method is 'bald', not 'random'"),
        ({"seed": 2}, "seed is 2, not 1"),
        ({"loop": 2}, "loop is 2, not 1"),
        ({"setting": "t"}, "setting is 't', not 's'"),
        ({"patches": patches(5)}, "not 2 patches of at most"),
        (
            {"patches": (PatchRecord(case="a", start=(0, 0, 0), size=(4, 5, 4)),) * 2},
            "not 2 patches of at most",
        ),
    ],
    ids=["dataset", "method", "seed", "loop", "setting", "fewer", "larger"],
)
@pytest.mark.usefixtures("second")
def test_a_loop_file_of_something_else_is_refused(change, message) -> None:
    file = FIRST / query_file(EXPERIMENT, 1)
    save_query(file, loop_file(1, 5, 10).model_copy(update=change))
    seal(file, file, {})
    with pytest.raises(RefusedError, match=message):
        taken()
    assert not query_file(EXPERIMENT, 1).exists()


@pytest.mark.parametrize("field", ["patch_size", "starting_budget", "query_size", "loops"])
@pytest.mark.usefixtures("second")
def test_a_setting_of_another_budget_is_refused(field) -> None:
    other = (9, 9, 9) if field == "patch_size" else 9
    with pytest.raises(RefusedError, match=f"setting.json: {field} is "):
        taken(setting=LONGER.model_copy(update={field: other}))


@pytest.mark.usefixtures("second")
def test_a_damaged_file_is_refused_and_left_where_it_is() -> None:
    file = FIRST / query_file(EXPERIMENT, 1)
    file.write_text(file.read_text().replace("10", "11"))
    with pytest.raises(RefusedError, match="is not what its step wrote; run track first again"):
        taken()
    assert file.exists()


@pytest.mark.usefixtures("second")
def test_another_starting_budget_or_dataset_is_refused() -> None:
    write_model(FIRST / "datasets.json", Checksums(checksums={"phantom": "d"}))
    with pytest.raises(RefusedError, match="phantom was another prepared dataset there"):
        taken()
    (FIRST / "datasets.json").unlink()
    write(FIRST, loop_file(0, 1))
    with pytest.raises(RefusedError, match="another starting budget than"):
        taken()


def track(setting: Setting = LONGER) -> Track:
    own = make_track(methods=("random", "bald"))
    return own.model_copy(update={"name": "second", "settings": (setting,)})


def test_a_run_says_first_what_is_missing(second) -> None:
    both = [EXPERIMENT, EXPERIMENT._replace(method="bald")]
    check_sources(second, track(), both[:1])
    check_sources(second, track(CHOSEN), both)
    with pytest.raises(UserError) as caught:
        check_sources(second, track(), both)
    text = str(caught.value)
    assert "first/s/bald/seed_1/loop_001.json: not there; track second trains on" in text
    assert "first run track first in " in text
    assert "\n" not in text
    main_study = LONGER.model_copy(update={"queries": TakenQueries(track="main")})
    with pytest.raises(
        UserError, match=r"there, nor those of 1 more experiment;.*track run main --runs"
    ):
        check_sources(second, track(main_study), both)


def test_what_was_taken_needs_its_source_no_more(second) -> None:
    for loop in (1, 2):
        taken(loop)
    (FIRST / query_file(EXPERIMENT, 2)).unlink()
    check_sources(second, track(), [EXPERIMENT])
