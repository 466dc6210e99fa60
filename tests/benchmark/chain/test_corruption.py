"""Damaged files of a run are noticed, made again, and never used; the steps are stand-ins."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark import layout
from benchmark.chain.mend import mend
from benchmark.execution.statuses import DAMAGED
from benchmark.results import load_result
from nnactive.io.costs import cost_file, read_cost
from nnactive.io.seals import seal_file

START = Path("s/start/seed_1")
BALD = Path("s/bald/seed_1")
USED = {
    "loop file of the start": START / "loop_000.json",
    "loop file": BALD / "loop_001.json",
    "state": BALD / "loop_001.state.json",
    "member": BALD / "loop_001/fold_0.pth",
    "other member": BALD / "loop_001/fold_1.pth",
    "what is labelled": BALD / "loop_001/train/labelled.json",
    "plans": BALD / "loop_001/train/d/plans.json",
    "label map": BALD / "loop_001/train/d/cases/a_seg.b2nd",
    "places, of the loop before": START / "loop_000/train/d/cases/a.pkl",
    "evaluation of the start": START / "loop_000/evaluation.json",
    "evaluation": BALD / "loop_001/evaluation.json",
    "seal of a member": seal_file(BALD / "loop_001/fold_0.pth"),
    "seal of a loop file": seal_file(BALD / "loop_001.json"),
}
"""Files that what is left to do reads."""


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def truncate(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def empty(file: Path) -> None:
    os.truncate(file, 0)


def zero(file: Path) -> None:
    file.write_bytes(bytes(file.stat().st_size))


def lengthen(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"x")


DAMAGES: tuple[Callable[[Path], None], ...] = (truncate, empty, zero, lengthen)
every_damage = pytest.mark.parametrize(
    "damage",
    [
        pytest.param(flip, id="flip"),
        *(pytest.param(each, id=each.__name__, marks=pytest.mark.slow) for each in DAMAGES),
    ],
)
"""The smallest one is tested always, the others among the slow tests."""


@pytest.fixture
def undisturbed(make_world):
    return make_world("whole").outcome()


@every_damage
@pytest.mark.parametrize("name", USED)
def test_a_damaged_file_is_noticed_and_made_again(make_world, undisturbed, name, damage) -> None:
    world = make_world("half")
    damage(USED[name])
    world.finish()
    assert world.aside(), "noticed"
    assert world.outcome() == undisturbed
    assert set(world.statuses) <= {0, DAMAGED}
    assert not list(world.root.rglob("*.failed.json")), "no experiment has failed"


@pytest.mark.parametrize("name", [name for name in USED if not name.startswith("seal")])
def test_a_deleted_file_is_made_again(make_world, undisturbed, name) -> None:
    world = make_world("half")
    USED[name].unlink()
    world.finish()
    assert world.outcome() == undisturbed


SWAPS = {
    "folds": (BALD / "loop_001/fold_0.pth", BALD / "loop_001/fold_1.pth"),
    "loops": (START / "loop_000/fold_0.pth", BALD / "loop_001/fold_0.pth"),
    "methods": (BALD / "loop_001/fold_0.pth", Path("s/random/seed_1/loop_001/fold_0.pth")),
    "loop files": (BALD / "loop_001.json", Path("s/random/seed_1/loop_001.json")),
    "evaluations": (START / "loop_000/evaluation.json", BALD / "loop_001/evaluation.json"),
}


@pytest.mark.parametrize("sealed", [False, True], ids=["alone", "with their seals"])
@pytest.mark.parametrize("name", SWAPS)
def test_swapped_files_are_noticed(make_world, undisturbed, name, sealed) -> None:
    world = make_world("half")
    pairs = [SWAPS[name]]
    if sealed:
        pairs.append((seal_file(pairs[0][0]), seal_file(pairs[0][1])))
    for one, other in pairs:
        one.rename("between")
        other.rename(one)
        Path("between").rename(other)
    world.finish()
    assert world.aside(), "noticed"
    assert world.outcome() == undisturbed


@pytest.mark.parametrize("patches", ["missing", "twice", "overlapping"])
def test_other_patches_in_a_loop_file_are_noticed(make_world, undisturbed, patches) -> None:
    world = make_world("half")
    file = BALD / "loop_001.json"
    content = json.loads(file.read_text())
    (patch,) = content["patches"]
    moved = {**patch, "start": [patch["start"][0], 1, patch["start"][2]]}
    content["patches"] = {"missing": [], "twice": [patch] * 2, "overlapping": [patch, moved]}[
        patches
    ]
    file.write_text(json.dumps(content))
    world.finish()
    assert any("loop_001.json was damaged" in note for note in world.notes)
    assert world.outcome() == undisturbed


@every_damage
@pytest.mark.parametrize(
    "name", ["images/a", "images/t", "pool_labels/a", "test_labels/t", "dataset.json"]
)
def test_damaged_data_are_refused_with_the_command_that_mends_them(
    make_world, undisturbed, name, damage, capsys
) -> None:
    world = make_world("half")
    file = world.data / (name if name.endswith("json") else f"{name}.b2nd")
    content = file.read_bytes()
    damage(file)
    capsys.readouterr()
    world.work()
    assert 2 in world.statuses
    told = capsys.readouterr().err
    assert f"{file}: isn't what was prepared; remove {world.data} and run" in told
    assert "data prepare phantom" in told
    assert not list(world.root.rglob("*.failed.json")), "no experiment has failed"
    file.write_bytes(content)
    world.finish()
    assert world.outcome() == undisturbed


def test_a_member_that_is_no_longer_needed_is_set_aside_and_nothing_is_made_again(
    make_world,
) -> None:
    world = make_world("whole")
    cost = read_cost(BALD / "loop_001/fold_0.pth")
    empty(BALD / "loop_001/fold_0.pth")
    world.notes += mend(world.root, world.jobs)
    assert world.aside() == ["s/bald/seed_1/loop_001/fold_0.pth"]
    assert read_cost(BALD / "loop_001/fold_0.pth") == cost, "which a result names"
    assert world.notes == [
        "s/bald/seed_1/loop_001/fold_0.pth was damaged: set aside; nothing needs it anymore"
    ]


@pytest.mark.parametrize("damage", [flip, truncate, empty, zero, Path.unlink])
@pytest.mark.parametrize("output", [START / "loop_000/evaluation.json", BALD / "loop_001/train"])
def test_a_damaged_cost_is_not_collected(make_world, undisturbed, output, damage) -> None:
    world = make_world("half")
    right, file = read_cost(output), cost_file(output)
    if damage is flip:
        file.write_text(file.read_text().replace('"seconds": 0', '"seconds": 7'))
    else:
        damage(file)
    world.work()
    assert (2 in world.statuses) == (damage is flip), "refused where one can't tell which is right"
    file.unlink(missing_ok=True)
    world.finish()
    assert world.outcome() == undisturbed
    loops = load_result(BALD / "result.json").loops
    assert right in [cost for loop in loops for cost in loop.costs.values()]


def test_a_kept_member_that_is_damaged_is_not_taken(make_world, undisturbed) -> None:
    world = make_world("half")
    # All that the experiment's members share with those that are kept.
    shutil.rmtree(BALD / "loop_001")
    for kept in Path("s/.trained").rglob("fold_*.pth"):
        flip(kept)
    world.finish()
    assert world.outcome() == undisturbed


def test_a_changed_method_record_is_refused_until_the_run_writes_it_again(make_world) -> None:
    world = make_world("half")
    spec = layout.spec_file("bald")
    content = spec.read_text()
    spec.write_text(content.replace('"bald"', '"bold"'))
    world.work()
    assert 2 in world.statuses
    assert not Path("s/bald/seed_1/loop_002.json").exists()
    assert spec.exists()
