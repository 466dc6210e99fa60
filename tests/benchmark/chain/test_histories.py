"""A history is one chain from its start; the steps are stand-ins."""

import json
import os
import shutil
from pathlib import Path

import pytest

from benchmark.chain.mend import mend
from nnactive.io.seals import read_seal, seal, seal_file

START = Path("s/start/seed_1")
BALD = Path("s/bald/seed_1")
RANDOM = Path("s/random/seed_1")


def test_a_whole_run_is_left_alone_wherever_and_whenever(make_world) -> None:
    world = make_world("whole")
    for number, file in enumerate(sorted(world.root.rglob("*.json"))):
        if not file.is_symlink():
            os.utime(file, (number * 1e5, number * 1e5))
    world.finish()
    assert (world.notes, world.ran, world.aside()) == ([], {}, [])


def test_a_deleted_loop_0_is_made_again_with_all_that_followed(make_world) -> None:
    world = make_world("whole")
    before = world.outcome()
    shutil.rmtree(START)
    world.finish()
    again = sum(world.ran.values())
    assert again == len(world.jobs), "all of both experiments"
    assert world.outcome() == before
    (note,) = world.notes
    assert note == (
        "s/start/seed_1/loop_000.json is gone: loops 1 to 2 of s, random, seed 1; "
        "loops 1 to 2 of s, bald, seed 1 are made again"
    )


def test_a_deleted_loop_file_is_made_again_with_the_later_ones(make_world) -> None:
    world = make_world("whole")
    before = world.outcome()
    (BALD / "loop_001.json").unlink()
    world.finish()
    assert world.outcome() == before
    assert not [name for name in world.ran if "random" in name or "start" in name]
    assert len([name for name in world.ran if "bald" in name]) == 2 * 5 + 1
    assert world.notes == [
        "s/bald/seed_1/loop_001.json is gone: loops 1 to 2 of s, bald, seed 1 are made again"
    ]


def test_a_changed_loop_file_is_told_with_what_hangs_on_it(make_world) -> None:
    world = make_world("whole")
    file = BALD / "loop_001.json"
    content = json.loads(file.read_text())
    content["patches"][0]["start"][1] = 5
    file.write_text(json.dumps(content))
    assert mend(world.root, world.jobs) == [
        "s/bald/seed_1/loop_001.json was damaged: loops 1 to 2 of s, bald, seed 1 are made again"
    ]


def test_another_output_with_its_seal_is_a_changed_link(make_world) -> None:
    world = make_world("whole")
    for file in (RANDOM / "loop_001.json", seal_file(RANDOM / "loop_001.json")):
        shutil.copy(file, BALD / file.name)
    # The seal says where it was made.
    assert mend(world.root, world.jobs) == [
        "s/bald/seed_1/loop_001.json was damaged: loops 1 to 2 of s, bald, seed 1 are made again"
    ]


def test_members_that_were_dropped_on_purpose_are_not_missed(make_world) -> None:
    world = make_world("whole")
    for member in [*BALD.rglob("fold_*.pth"), *RANDOM.rglob("fold_*.pth")]:
        member.unlink()
    world.finish()
    assert (world.notes, world.aside()) == ([], [])


def test_a_dropped_member_that_is_needed_again_is_trained_with_what_it_gave(make_world) -> None:
    world = make_world("whole")
    before = world.outcome()
    for member in BALD.rglob("loop_001/fold_*.pth"):
        member.unlink()
    (BALD / "loop_002.json").unlink()
    world.finish()
    assert world.outcome() == before
    assert world.ran["s/bald/seed_1/loop_001/fold_0.pth"] == 1
    assert world.ran["s/bald/seed_1/loop_001/evaluation.json"] == 1


def test_a_missing_member_whose_loop_is_not_over_is_trained_again(make_world) -> None:
    world = make_world("half")
    (BALD / "loop_001/fold_1.pth").unlink()
    world.finish()
    assert world.ran["s/bald/seed_1/loop_001/evaluation.json"] == 1


def test_outputs_without_seals_are_accepted_and_sealed(make_world, capsys) -> None:
    world = make_world("half")
    for file in list(world.root.rglob("*.seal.json")):
        file.unlink()
    capsys.readouterr()
    world.finish()
    assert set(world.statuses) == {0}
    told = capsys.readouterr().out
    line = "s/bald/seed_1/loop_001/fold_0.pth: not sealed, because an older version wrote it"
    assert told.count(line) == 1
    late = read_seal(BALD / "loop_001/fold_0.pth")
    assert late is not None
    assert late.late


def test_without_seals_a_deleted_loop_file_still_takes_the_later_ones_with_it(make_world) -> None:
    world = make_world("whole")
    before = world.outcome()
    for file in list(world.root.rglob("*.seal.json")):
        file.unlink()
    (BALD / "loop_001.json").unlink()
    world.finish()
    assert world.outcome() == before
    assert len([name for name in world.ran if "bald" in name]) >= 2 * 5


def test_a_kill_between_seal_and_name_changes_nothing(make_world) -> None:
    world = make_world("half")
    shutil.copy(seal_file(BALD / "loop_001.json"), seal_file(BALD / "loop_002.json"))
    world.finish()
    assert not world.aside()


@pytest.mark.parametrize("where", ["evaluation.json", "fold_0.pth"])
def test_a_result_is_not_collected_from_a_mixed_history(make_world, where) -> None:
    world = make_world("half")
    world.work()
    (BALD / "result.json").unlink()
    # Trained or evaluated anew by hand, the seal with it: no longer what the later loop knows.
    file = BALD / "loop_001" / where
    made = read_seal(file)
    assert made is not None
    text = file.read_text()
    file.write_text(text.replace(text[-2], "7"))
    seal(file, file, made.inputs)
    world.ran.clear()
    world.work()
    assert (world.statuses[-1] == 65) == (where == "fold_0.pth")
