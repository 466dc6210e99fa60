from pathlib import Path

from nnactive.data.prepared import PreparedDataset
from nnactive.io.queries import START, load_patches, load_query
from nnactive.settings import Setting
from nnactive.steps.start import start


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
