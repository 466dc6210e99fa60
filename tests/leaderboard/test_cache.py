"""Results are read once: what is kept never changes a board."""

import sqlite3
from contextlib import closing

import pytest

from leaderboard.build import build
from leaderboard.cache import Cache, user_cache
from leaderboard.read import files
from leaderboard.read.facts import facts_of, packed, unpacked
from leaderboard.read.load import load_entries


@pytest.fixture
def cache(tmp_path):
    made = Cache(tmp_path / "kept")
    made.prepare()
    return made


@pytest.fixture
def parsed(monkeypatch):
    """Files that are parsed, each by its size."""
    sizes = []
    real = files._outcome
    monkeypatch.setattr(files, "_outcome", lambda text: (sizes.append(len(text)), real(text))[1])
    return sizes


def change_all(cache, statement):
    with closing(sqlite3.connect(cache.path)) as connection, connection:
        connection.execute(statement)


def test_facts_survive_being_packed(full, broken):
    for result in (full(), full(dice=(0.5,), failure=broken)):
        facts = facts_of(result)
        assert unpacked(packed(facts)) == facts
    assert unpacked(b"nonsense") is None


def test_a_second_build_parses_one_new_result_alone_and_pages_are_the_same(
    make, store, tmp_path, cache, parsed
):
    runs = store(make(), make("bald"))
    (runs / "demo" / "result.json").write_text("{")
    pages = [tmp_path / f"{n}.html" for n in range(3)]
    build([runs], pages[0])
    build([runs], pages[1], cache=cache)
    parsed.clear()
    build([runs], pages[2], cache=cache)
    assert parsed == []
    assert len({page.read_bytes() for page in pages}) == 1
    store(make("random", 2))
    assert len(load_entries([runs], cache=cache).results) == 3
    assert len(parsed) == 1


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("UPDATE kept SET content = x'2b00'", id="content"),
        pytest.param("UPDATE kept SET content = 'text', digest = 'text'", id="type"),
        pytest.param("DROP TABLE kept", id="table"),
    ],
)
def test_a_damaged_cache_changes_nothing(make, store, cache, parsed, statement):
    runs = store(make(), make("bald"))
    whole = load_entries([runs], cache=cache)
    change_all(cache, statement)
    parsed.clear()
    assert load_entries([runs], cache=Cache(cache.path.parent)) == whole
    assert len(parsed) == 2


def test_another_results_entry_is_not_taken(make, store, cache, parsed):
    runs = store(make(), make("bald"))
    whole = load_entries([runs], cache=cache)
    swap = "UPDATE kept SET {0} = (SELECT o.{0} FROM kept AS o WHERE o.key <> kept.key)"
    change_all(cache, "CREATE TABLE old AS SELECT * FROM kept")
    for column in ("content", "digest"):
        change_all(cache, swap.format(column).replace("FROM kept AS o", "FROM old AS o"))
    assert load_entries([runs], cache=cache) == whole


def test_a_file_that_is_no_database_is_replaced(cache):
    cache.path.write_bytes(b"no database, but long enough to be read as one" * 50)
    made = Cache(cache.path.parent)
    made.prepare()
    made.keep([("key", b"content")])
    assert made.get("key") == b"content"


def test_another_version_of_the_code_reads_again(make, store, cache, parsed, monkeypatch):
    runs = store(make())
    load_entries([runs], cache=cache)
    parsed.clear()
    monkeypatch.setattr(files, "reader", lambda: "another")
    load_entries([runs], cache=cache)
    assert len(parsed) == 1


def test_what_was_not_used_for_longest_goes_first(tmp_path):
    small = Cache(tmp_path / "small", most_bytes=25)
    small.prepare()
    small.keep([("old", bytes(10)), ("used", bytes(10))])
    change_all(small, "UPDATE kept SET used = 1")
    small.keep([("new", bytes(10))], used=["used"])
    assert [small.get(key) is None for key in ("old", "used", "new")] == [True, False, False]


def test_where_nothing_can_be_kept_one_line_says_so(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NNACTIVE_CACHE", str(tmp_path / "file"))
    told = []
    assert user_cache(told.append) is None
    assert len(told) == 1
    assert "set NNACTIVE_CACHE" in told[0]


def test_a_folder_that_others_can_write_to_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setenv("NNACTIVE_CACHE", str(tmp_path))
    folder = tmp_path / "leaderboard"
    folder.mkdir()
    folder.chmod(0o777)
    told = []
    assert user_cache(told.append) is None
    assert "other users can write" in told[0]


def test_many_files_are_read_by_several_processes_in_the_same_order(
    make, store, cache, monkeypatch
):
    runs = store(*(make(method, seed) for method in ("random", "bald") for seed in (1, 2, 3)))
    alone = load_entries([runs])
    monkeypatch.setattr(files, "MANY", 2)
    monkeypatch.setattr(files, "usable_cores", lambda: 2)
    assert load_entries([runs], cache=cache) == alone
    assert load_entries([runs], cache=cache) == alone
