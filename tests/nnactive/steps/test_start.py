from pathlib import Path

import pytest

from nnactive.data.prepared import PreparedDataset
from nnactive.errors import MethodError
from nnactive.io.queries import PROTOCOL_START, START, load_patches, load_query
from nnactive.methods import STARTS
from nnactive.methods.starts.simple import Foreground33
from nnactive.settings import Setting
from nnactive.steps.start import start, start_with


def test_the_starting_budget_is_the_same_for_every_setting_that_shares_it(
    phantom: Path, setting: Setting, tmp_path: Path
) -> None:
    other = setting.model_copy(update={"name": "longer", "loops": 9, "query_size": 3})
    start(phantom, setting, 1, tmp_path / "a.json")
    start(phantom, other, 1, tmp_path / "b.json")
    start(phantom, setting, 2, tmp_path / "c.json")
    first, second, third = (load_patches([tmp_path / f"{name}.json"]) for name in "abc")
    assert first == second
    assert first != third


def test_the_loop_file_says_whose_patches_it_holds(
    phantom: Path, setting: Setting, tmp_path: Path
) -> None:
    start(phantom, setting, 1, tmp_path / "loop_000.json")
    query = load_query(tmp_path / "loop_000.json")
    assert (query.dataset, query.method, query.seed, query.loop) == ("phantom", START, 1, 0)
    assert len(query.patches) == setting.starting_budget
    pool = {case.id for case in PreparedDataset(phantom).info.pool}
    assert {patch.case for patch in query.patches} <= pool


@pytest.mark.parametrize("name", STARTS)
def test_a_start_method_writes_what_it_chose(phantom, setting, tmp_path, name) -> None:
    out = tmp_path / "loop_000.json"
    start_with(STARTS[name](), name, phantom, setting, 1, out)
    query = load_query(out)
    assert (query.method, query.loop, len(query.patches)) == (name, 0, setting.starting_budget)
    assert list(tmp_path.iterdir()) == [out]
    longer = setting.model_copy(update={"name": "longer", "loops": 9, "query_size": 3})
    start_with(STARTS[name](), name, phantom, longer, 1, tmp_path / "b.json", workers=3)
    assert load_patches([tmp_path / "b.json"]) == load_patches([out])


def test_the_protocols_start_is_the_starting_budget_bit_for_bit(phantom, setting, tmp_path) -> None:
    start(phantom, setting, 3, tmp_path / "a.json")
    start_with(Foreground33(), PROTOCOL_START, phantom, setting, 3, tmp_path / "b.json")
    assert load_patches([tmp_path / "a.json"]) == load_patches([tmp_path / "b.json"])


def test_no_other_class_gets_labels_whatever_it_declares(phantom, setting, tmp_path) -> None:
    class Sly(Foreground33):
        oracle = True

    with pytest.raises(MethodError, match="uses labels"):
        start_with(Sly(), "Sly", phantom, setting, 1, tmp_path / "a.json")
    assert not (tmp_path / "a.json").exists()


def test_an_interrupted_start_resumes(phantom, setting, tmp_path) -> None:
    done: list[str] = []

    class Careful(STARTS["typiclust"]):
        def described(self, pool, case):
            if len(done) == 4 and case not in done:
                done.append("stop")
                raise KeyboardInterrupt
            done.append(case)
            return super().described(pool, case)

    out = tmp_path / "loop_000.json"
    with pytest.raises(KeyboardInterrupt):
        start_with(Careful(), "c", phantom, setting, 1, out)
    start_with(Careful(), "c", phantom, setting, 1, out)
    cases = [case.id for case in PreparedDataset(phantom).info.pool]
    assert sorted(done) == sorted([*cases, "stop"])
    start_with(STARTS["typiclust"](), "c", phantom, setting, 1, tmp_path / "whole.json")
    assert load_patches([out]) == load_patches([tmp_path / "whole.json"])
