"""The public board: versions, withdrawals, levels, and whom it believes."""

from dataclasses import replace

import pytest

from benchmark.board.change import withdraw
from benchmark.bundles import places
from benchmark.bundles.baselines import Baselines
from leaderboard.build import load_board
from leaderboard.page import render
from leaderboard.terminal import top_tables
from nnactive.errors import UserError
from nnactive.io.files import read_json, sha256, write_json, write_model


@pytest.fixture
def board(full, bundle, tmp_path):
    """A public board with two baselines and one submission."""
    known = {}
    for name in ("random", "bald"):
        folder = bundle(full(name, 1), full(name, 2), name=name)
        known |= {sha256(file): name for file in (folder / "results").rglob("*.json")}
    bundle(
        full("Mine-0123abcd", 1, origin="submission"), full("Mine-0123abcd", 2, origin="submission")
    )
    write_model(tmp_path / "board" / "baselines.json", Baselines(results=known))
    return tmp_path / "board"


def cards(board):
    """Cards of the only league by id."""
    (league,) = load_board([], entries=board).leagues
    return {entrant.id: entrant for entrant in league.entrants}


def test_entries_are_reported_and_baselines_are_the_benchmarks_own(board):
    shown = load_board([], entries=board, strict=True)
    assert (shown.unvouched, shown.left_out, shown.apart) == ((), (), ())
    found = cards(board)
    assert found["random"].badges == ("baseline",)
    assert found["Mine-0123abcd"].badges == ("submission", "reported")
    assert found["Mine-0123abcd"].entry == "mine, version 1"
    assert "mine, version 1" in render(shown)


def test_a_built_in_method_on_the_board_needs_its_hash_in_the_list(board, bundle, full):
    bundle(full("coreset"), name="coreset")
    shown = load_board([], entries=board)
    (item,) = shown.left_out
    assert item.file == "coreset/1/results/phantom_tiny/seed_1.json"
    assert item.reason.startswith("claims to be built in")
    (board / "baselines.json").unlink()
    names = {item.file.partition("/")[0] for item in load_board([], entries=board).left_out}
    assert names == {"random", "bald", "coreset"}


def test_an_entry_that_was_run_here_keeps_what_the_board_says_of_it(board, tmp_path):
    runs = tmp_path / "runs"
    for seed in (1, 2):
        there = runs / f"seed_{seed}" / "result.json"
        there.parent.mkdir(parents=True)
        copy = next((board / "mine" / "1" / "results").rglob(f"seed_{seed}.json"))
        there.write_bytes(copy.read_bytes())
    (league,) = load_board([runs], entries=board).leagues
    (mine,) = [each for each in league.entrants if each.id == "Mine-0123abcd"]
    assert mine.badges == ("submission", "reported")


def test_a_seal_on_the_board_vouches_for_nothing(board, bundle, full, sealed):
    folder = bundle(full("coreset"), name="coreset")
    sealed(folder)
    assert len(load_board([], entries=board).left_out) == 1


def test_levels_are_shown_with_who_repeated_it(board, attest):
    attest(board / "mine" / "1")
    card = cards(board)["Mine-0123abcd"]
    assert card.badges == ("submission", "replayed")
    assert card.checks == ("replayed by Ann on 2026-11-23 (not signed)",)
    attest(board / "mine" / "1", "re-run", by="Bob")
    shown = load_board([], entries=board)
    assert cards(board)["Mine-0123abcd"].badges == ("submission", "re-run")
    assert "re-run by Bob on 2026-11-23" in render(shown)
    (mine,) = (row for row in top_tables(shown)[0].rows if "submission" in row.badges)
    assert mine.badges == ("submission", "re-run")


def test_a_repetition_that_disagrees_gives_no_level(board, attest):
    attest(board / "mine" / "1", agrees=False)
    card = cards(board)["Mine-0123abcd"]
    assert card.badges == ("submission", "reported")
    assert card.checks == ("Ann got a different outcome for phantom_tiny, seed 1",)


def test_a_corrected_version_takes_the_place_of_the_old_one(board, bundle, full):
    better = [full("Mine-0123abcd", seed, (0.5, 0.7, 0.8), origin="submission") for seed in (1, 2)]
    bundle(*better, version=2)
    shown = load_board([], entries=board)
    assert [(item.folder, item.reason) for item in shown.apart] == [
        ("mine/1", "replaced by version 2")
    ]
    assert cards(board)["Mine-0123abcd"].entry == "mine, version 2"
    assert "mine/1" in render(shown)


def test_a_withdrawn_entry_is_listed_and_not_ranked(board):
    before = load_board([], entries=board)
    record = read_json(board / "mine" / "entry.json")
    withdrawn = {"reason": "a mistake", "on": "2026-11-24T09:30:00Z"}
    write_json(board / "mine" / "entry.json", record | {"withdrawn": withdrawn})
    after = load_board([], entries=board)
    assert [(item.folder, item.reason) for item in after.apart] == [
        ("mine/1", "withdrawn: a mistake")
    ]
    assert set(cards(board)) == {"random", "bald"}
    assert (before.results, after.results) == (6, 4)


def test_a_file_that_was_changed_after_it_was_handed_in_takes_its_entry_off(board):
    (file,) = (board / "mine").rglob("seed_2.json")
    file.write_text(file.read_text().replace('"seed":2', '"seed":3'))
    shown = load_board([], entries=board)
    (item,) = shown.left_out
    assert item.file == "mine"
    assert "seed_2.json" in item.reason
    assert str(board) not in item.reason
    with pytest.raises(UserError, match="mine"):
        load_board([], entries=board, strict=True)


def test_a_bundle_that_wasnt_accepted_takes_no_ones_place(board, bundle, full):
    record = (board / "mine" / "entry.json").read_text()
    bundle(full("Mine-0123abcd", 1, (0.9, 0.9, 0.9), origin="submission"))
    (board / "mine" / "entry.json").write_text(record)
    left_out = {item.file: item.reason for item in load_board([], entries=board).left_out}
    assert set(left_out) == {"mine"}


def test_an_entry_has_results_of_its_own_method_alone(board, bundle, full):
    other = [full(f"{name}-0123abcd", origin="submission") for name in ("Ours", "Mine")]
    bundle(other[0], other[1].model_copy(update={"seed": 2}), name="ours")
    (item,) = load_board([], entries=board).left_out
    assert item.file == "ours/1/results/phantom_tiny/seed_2.json"
    assert item.reason == "belongs to another method than its entry: Ours-0123abcd"


def test_a_folder_that_is_no_entry_is_left_out(board):
    (board / "empty").mkdir()
    (board / "broken" / "1").mkdir(parents=True)
    (board / "broken" / "entry.json").write_text("{")
    (board / "linked").symlink_to(board / "mine", target_is_directory=True)
    (board / "bomb" / "1").mkdir(parents=True)
    write_json(board / "bomb" / "entry.json", {})
    (board / "bomb" / "1" / places.RECORD).write_text('{"files": [' + "1," * 10_000 + "1]}")
    names = {item.file for item in load_board([], entries=board).left_out}
    assert names == {"empty", "broken", "linked", "bomb"}


def test_whoever_hands_in_anothers_method_again_changes_no_row(board, bundle, full):
    (before,) = load_board([], entries=board).leagues
    forged = full("Mine-0123abcd", 1, (0.9, 0.9, 0.9), origin="submission")
    bundle(forged, name="aaa")
    (after,) = load_board([], entries=board).leagues
    ids = {entrant.id for entrant in after.entrants}
    assert ids == {"random", "bald", "Mine-0123abcd [aaa]", "Mine-0123abcd [mine]"}
    figures = [
        next(row.values["aubc"] for row in league.views[0].rows if row.entrant == key)
        for league in (before, after)
        for key in [
            next(e.key for e in league.entrants if e.id.startswith("Mine") and "[aaa]" not in e.id)
        ]
    ]
    assert figures[0] == figures[1]


def test_a_board_that_isnt_there_is_the_users_mistake(tmp_path):
    with pytest.raises(UserError, match="no such folder"):
        load_board([], entries=tmp_path / "nowhere")


def test_an_empty_board_is_a_page(tmp_path):
    board = load_board([], entries=tmp_path)
    assert "There are no results yet" in render(replace(board))


ABOUT = {
    "name": "My <b>own</b> method",
    "authors": ["Ann <script>alert(1)</script>", "Bob"],
    "licence": "Apache-2.0",
    "description": "Looks twice.",
    "reference": "https://doi.org/10.1234/5678",
    "contact": "ann@example.org",
    "extra_data": [f"set {n}" for n in range(12)],
    "weights": [{"file": "encoder.pt", "sha256": "ab" * 32, "training_data": "1,000 CT scans"}],
    "tuned_on": ["ACDC", "Mama-Mia (20 cases)"],
}


def test_an_entrys_card_and_row_say_what_its_authors_declare(board, bundle, full):
    mine = [full("Mine-0123abcd", seed, origin="submission") for seed in (1, 2)]
    bundle(*mine, version=2, about=ABOUT)
    card = cards(board)["Mine-0123abcd"]
    assert card.name == "My <b>own</b> method"
    assert card.description == "Looks twice."
    assert card.reference == "https://doi.org/10.1234/5678"
    assert card.badges == (
        "submission", "reported", "tuned on roll-out", "extra data", "pretrained"
    )  # fmt: skip
    assert card.about == {
        "Authors": ("Ann <script>alert(1)</script>, Bob",),
        "Licence": ("Apache-2.0",),
        "Contact": ("ann@example.org",),
        "Extra data": (*(f"set {n}" for n in range(10)), "and 2 more"),
        "Pretrained weights": (f"encoder.pt (SHA-256 {'ab' * 32}), trained on 1,000 CT scans",),
        "Developed on": ("ACDC, Mama-Mia (20 cases)",),
    }
    page = render(load_board([], entries=board))
    assert "<dt>Authors</dt><dd><bdi>Ann &lt;script&gt;alert(1)&lt;/script&gt;, Bob</bdi>" in page
    assert '<span class="badge tuned-on-roll-out">tuned on roll-out</span>' in page
    assert "<b>own" not in page
    assert "<script>alert" not in page


def test_an_entry_cant_take_the_name_of_a_built_in_method(board, bundle, full):
    mine = [full("Mine-0123abcd", seed, origin="submission") for seed in (1, 2)]
    bundle(*mine, name="taken", version=1, about={"name": "b\u0430ld", "tuned_on": ["acdc"]})
    withdraw(board, "mine", "the same")
    card = cards(board)["Mine-0123abcd"]
    assert card.name == "b\u0430ld (Mine-0123abcd)"
    assert card.badges == ("submission", "reported")


def test_an_entry_whose_manifest_cant_be_read_is_left_out(board, bundle, full):
    mine = [full("Mine-0123abcd", seed, origin="submission") for seed in (1, 2)]
    bundle(*mine, version=2, about={"authors": 7})
    (item,) = load_board([], entries=board).left_out
    assert (item.file, "authors" in item.reason) == ("mine", True)
