from pathlib import Path

from nnactive.data.prepare.memo import SECONDS, Memo


def test_results_are_written_every_few_seconds_and_only_added(tmp_path: Path) -> None:
    time = [0.0]
    memo = Memo(tmp_path / "stage", str, lambda: time[0])
    for number in range(10):
        memo.add(f"case_{number}", number)
        time[0] += SECONDS / 2
    assert len(list((tmp_path / "stage").iterdir())) == 4
    again = Memo(tmp_path / "stage", str, lambda: time[0])
    found = {f"case_{n}": n for n in range(10) if again.has(f"case_{n}")}
    assert found == {f"case_{n}": n for n in range(9)}
    assert [again.get(case) for case in found] == list(range(9))
    time[0] += SECONDS
    again.add("case_9", "newer")
    assert Memo(tmp_path / "stage", str).get("case_9") == "newer"
    assert len(list((tmp_path / "stage").iterdir())) == 5


def test_a_short_stage_writes_nothing(tmp_path: Path) -> None:
    memo = Memo(tmp_path / "stage", str, lambda: 0.0)
    for number in range(10):
        memo.add(str(number), number)
    assert list(tmp_path.iterdir()) == []


def test_a_result_of_something_else_and_a_broken_part_are_not_used(tmp_path: Path) -> None:
    time = iter(range(0, 1000, 10))
    memo = Memo(tmp_path, lambda case: f"old {case}", lambda: next(time))
    memo.add("a", 1)
    memo.add("b", 2)
    assert Memo(tmp_path, lambda case: f"old {case}").has("a")
    assert not Memo(tmp_path, lambda case: f"new {case}").has("a")
    (tmp_path / "000000.pickle").write_bytes(b"cut")
    left = Memo(tmp_path, lambda case: f"old {case}")
    assert (left.has("a"), left.has("b")) == (False, True)
