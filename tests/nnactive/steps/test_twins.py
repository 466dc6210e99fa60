from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nnactive.geometry import Patch
from nnactive.io.costs import measured, read_cost
from nnactive.io.files import write_text
from nnactive.steps.twins import set_name, tidy, train_once

A = Patch("a", (0, 0, 0), (4, 4, 4))
B = Patch("b", (1, 2, 3), (4, 4, 4))


def trained(output: Path, made: list[Path]):
    """Stand-in for a training: writes the member and its cost."""

    def train() -> None:
        made.append(output)
        output.parent.mkdir(parents=True, exist_ok=True)
        with measured(output) as draft:
            write_text(draft, output.parent.name)

    return train


def test_the_name_is_the_sets_whatever_its_order() -> None:
    assert set_name([A, B]) == set_name([B, A])
    moved = Patch("b", (1, 2, 4), (4, 4, 4))
    assert len({set_name(patches) for patches in ([A], [A, B], [A, moved], [])}) == 4


def test_the_second_takes_the_first_ones_member_with_its_cost(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    kept, first, second = Path("kept/fold_0.pth"), Path("x/fold_0.pth"), Path("y/fold_0.pth")
    made: list[Path] = []
    assert not train_once(kept, first, trained(first, made))
    assert train_once(kept, second, trained(second, made))
    assert made == [first]
    assert second.read_text() == "x"
    assert read_cost(first).taken_from is None
    assert read_cost(second).taken_from == "x/fold_0.pth"
    assert read_cost(second).seconds == read_cost(first).seconds
    # Lost and made again, a member is the experiment's own.
    first.unlink()
    assert train_once(kept, first, trained(first, made))
    assert read_cost(first).taken_from is None


def test_a_failed_training_leaves_nothing_to_take(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    kept, made = Path("kept/fold_0.pth"), []

    def fail() -> None:
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError):
        train_once(kept, Path("x/fold_0.pth"), fail)
    assert not train_once(kept, Path("y/fold_0.pth"), trained(Path("y/fold_0.pth"), made))
    assert made == [Path("y/fold_0.pth")]


def test_at_the_same_time_only_one_trains(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    made: list[Path] = []
    outputs = [Path(f"{name}/fold_0.pth") for name in "abcdef"]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda o: train_once(Path("kept/fold_0.pth"), o, trained(o, made)), outputs))
    assert len(made) == 1
    assert {output.read_text() for output in outputs} == {made[0].parent.name}


def test_what_no_experiment_uses_any_more_is_removed(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    for fold in range(2):
        output = Path(f"x/fold_{fold}.pth")
        train_once(Path(f"kept/fold_{fold}.pth"), output, trained(output, []))
    Path("x/fold_0.pth").unlink()
    tidy(Path("kept"))
    assert sorted(path.name for path in Path("kept").glob("*.pth")) == ["fold_1.pth"]
