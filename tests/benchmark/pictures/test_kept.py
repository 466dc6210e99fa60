from pathlib import Path

import pytest

from benchmark import layout
from benchmark.pictures.kept import keep_cases, kept_beside, kept_cases
from nnactive.data.prepared import PreparedDataset
from nnactive.errors import UserError


def test_cases_are_added_to_those_of_earlier_runs(phantom: Path, tmp_path: Path) -> None:
    first, second, *_ = (case.id for case in PreparedDataset(phantom).info.test)
    assert not keep_cases(tmp_path, [], [phantom])
    assert not any(tmp_path.iterdir())
    assert not keep_cases(tmp_path, [second], [phantom])
    done = tmp_path / "s/m/seed_1/loop_000/evaluation.json"
    done.parent.mkdir(parents=True)
    done.touch()
    assert not keep_cases(tmp_path, [second], [phantom])
    assert keep_cases(tmp_path, [first, second], [phantom])
    file = tmp_path / layout.kept_cases_file()
    assert kept_cases(file) == (first, second)
    evaluation = Path("s/m/seed_1/loop_000/evaluation.json")
    assert kept_beside(evaluation, file) == {
        case: Path(f"s/m/seed_1/loop_000/predictions/{case}.b2nd") for case in (first, second)
    }
    assert kept_beside(evaluation, tmp_path / "none.json") == {}


def test_a_case_of_no_test_set_is_refused_unless_a_dataset_is_still_to_come(
    phantom: Path, tmp_path: Path
) -> None:
    pool_case = PreparedDataset(phantom).info.pool[0].id
    with pytest.raises(UserError, match=f"{pool_case}: not a test case of the track"):
        keep_cases(tmp_path, [pool_case], [phantom])
    assert not any(tmp_path.iterdir())
    keep_cases(tmp_path, [pool_case], [phantom, tmp_path / "generated"])
    assert kept_cases(tmp_path / layout.kept_cases_file()) == (pool_case,)
