"""A stranger's file concerns its own row only: the page of the others stays, byte for byte."""

from dataclasses import replace

import pytest

from leaderboard.build import load_board
from leaderboard.page import render
from leaderboard.read.evidence import is_sealed
from leaderboard.read.load import load_entries
from nnactive.errors import UserError
from nnactive.io.files import sha256
from nnactive.io.seals import seal_file


@pytest.fixture
def honest(full, store, sealed):
    """Runs that were sealed here, and the file of a submission that wasn't."""
    own = [full(name, seed) for name in ("random", "bald") for seed in (1, 2)]
    theirs = [full("Theirs-0123abcd", seed, origin="submission") for seed in (1, 2)]
    return [sealed(store(*own)), store(*theirs, folder="theirs")]


def page(sources):
    """The page without the list of what was left out, and that list."""
    board = load_board(sources)
    return render(replace(board, left_out=())), board.left_out


def other_start(result):
    first, *rest = result.loops
    moved = first.patches.model_copy(update={"start": ((0,) * 10, *first.patches.start[1:])})
    other = moved.model_copy(update={"case": ("q",) * 10})
    return result.model_copy(update={"loops": (first.model_copy(update={"patches": other}), *rest)})


def other_reference(result):
    loops = []
    for loop in result.loops:
        counts = loop.counts
        more = tuple(tuple(n + 1 for n in row) for row in counts.false_negatives)
        counts = counts.model_copy(update={"false_negatives": more})
        loops.append(loop.model_copy(update={"counts": counts}))
    return result.model_copy(update={"loops": tuple(loops)})


BUILTIN = ("random", "bald", "power_bald", "coreset", "power_pe", "softrank_bald")


FORGED = (
    "a second bald",
    "built-in methods with another start",
    "built-in methods of another setting",
    "full-data Dice",
    "full-data Dice of a baseline",
    "reference voxels",
    "reference voxels of baselines",
    "data checksum",
    "data checksum of a submission",
    "split",
    "protocol",
    "nnU-Net",
    "date",
)


def forgeries(full, change):
    """By name: files of a stranger."""
    mine = full("Mine-0123abcd", origin="submission")
    return {
        "a second bald": [full("bald", 1, (0.1, 0.1, 0.1))],
        "built-in methods with another start": [
            other_start(full(name, seed)) for name in BUILTIN for seed in (1, 2)
        ],
        "built-in methods of another setting": [
            change(full(name, 1), "setting", candidates=7) for name in BUILTIN
        ],
        "full-data Dice": [change(mine, "dataset", full_data_dice=0.99)],
        "full-data Dice of a baseline": [change(full("coreset"), "dataset", full_data_dice=0.99)],
        "reference voxels": [other_reference(mine)],
        "reference voxels of baselines": [other_reference(full(name)) for name in BUILTIN],
        "data checksum": [change(full(name), "dataset", checksum="cd" * 32) for name in BUILTIN],
        "data checksum of a submission": [change(mine, "dataset", checksum="cd" * 32)],
        "split": [change(mine, "dataset", split_kind="own")],
        "protocol": [mine.model_copy(update={"protocol_version": "9.9"})],
        "nnU-Net": [change(mine, "environment", packages={"nnunetv2": "9"})],
        "date": [full("coreset").model_copy(update={"finished": "2098-01-01T00:00:00Z"})],
    }


@pytest.mark.parametrize("forged", FORGED)
def test_a_forged_file_is_left_out_and_changes_nothing_else(honest, full, change, store, forged):
    before, nothing = page(honest)
    every = forgeries(full, change)
    assert tuple(every) == FORGED
    files = every[forged]
    after, left_out = page([*honest, store(*files, folder="stranger")])
    assert after == before
    assert nothing == ()
    assert len(left_out) == len(files)
    assert {item.file.partition("/")[0] for item in left_out} == {"stranger"}
    with pytest.raises(UserError, match=r"stranger/.*result\.json: "):
        load_board([*honest, store(*files, folder="stranger")], strict=True)


def test_the_date_of_a_stranger_is_not_the_pages(honest, full, store):
    mine = full("Mine-0123abcd", origin="submission")
    dates = {}
    for year in ("2027", "2098"):
        dated = mine.model_copy(update={"finished": f"{year}-01-01T00:00:00Z"})
        board = load_board([*honest, store(dated, folder="stranger")])
        assert board.left_out == ()
        dates[year] = render(board)
    assert dates["2027"] == dates["2098"]


def test_a_strangers_own_track_or_protocol_comes_last(honest, full, store, change):
    mine = full("Mine-0123abcd", origin="submission")
    later = change(mine, "setting", name="later").model_copy(update={"protocol_version": "99.0"})
    track = mine.model_copy(update={"track": "a", "comparable": True})
    before = load_board(honest).leagues[0]
    board = load_board([*honest, store(later, track, folder="stranger")])
    assert board.left_out == ()
    assert [league.track for league in board.leagues] == ["demo", "a", "demo"]
    assert board.leagues[0] == before


def test_two_accounts_of_a_submission_remove_no_baseline(honest, full, store):
    twice = [full("Theirs-0123abcd", 1, (0.9, 0.9, 0.9), origin="submission")]
    board = load_board([*honest, store(*twice, folder="stranger")])
    assert [item.file.partition("/")[0] for item in board.left_out] == ["stranger", "theirs"]
    (league,) = board.leagues
    assert {entrant.id for entrant in league.entrants} == {"random", "bald", "Theirs-0123abcd"}


def test_without_any_evidence_results_count_and_the_board_says_so(full, store):
    board = load_board([store(full(), full("bald"))])
    assert (board.left_out, board.unvouched) == ((), ("demo",))
    text = "The baselines of demo are unverified"
    assert text in render(board)
    assert text not in render(replace(board, unvouched=()))


def test_sealed_results_need_no_note(honest):
    assert load_board(honest).unvouched == ()


def test_a_seal_is_of_this_content_in_this_place(full, store, sealed):
    root = sealed(store(full()))
    (file,) = root.rglob("result.json")
    assert is_sealed(file, sha256(file))
    assert not is_sealed(file, "0" * 64)
    copy = file.with_name("other.json")
    copy.write_bytes(file.read_bytes())
    seal_file(file).rename(seal_file(copy))
    assert not is_sealed(copy, sha256(copy))
    assert not is_sealed(file, sha256(file))
    seal_file(file).write_text('{"files": [1, 2')
    assert not is_sealed(file, sha256(file))


def test_a_changed_result_is_no_longer_sealed(honest, full, store):
    (file,) = honest[0].rglob("bald/seed_1/result.json")
    file.write_text(file.read_text().replace('"seed":1', '"seed":1 '))
    (item,) = load_entries(honest).left_out
    assert item.file.endswith("bald/seed_1/result.json")
    assert "claims to be built in, but no local run sealed it" in item.reason
