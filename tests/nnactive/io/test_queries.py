from pathlib import Path

import pytest

from nnactive.errors import UserError
from nnactive.geometry import Patch
from nnactive.io.queries import Query, load_patches, load_query, record, save_query

PATCHES = [Patch("b", (3, 0, 1), (4, 5, 6)), Patch("a", (0, 0, 0), (4, 5, 6))]


def query(loop: int, patches: list[Patch]) -> Query:
    return Query(dataset="d", setting="s", method="m", seed=1, loop=loop, patches=record(patches))


def test_patches_come_back_in_the_order_of_their_choice(tmp_path: Path) -> None:
    save_query(tmp_path / "loop_001.json", query(1, PATCHES))
    assert load_patches([tmp_path / "loop_001.json"]) == PATCHES


def test_loops_are_put_in_order_whatever_the_order_of_the_files(tmp_path: Path) -> None:
    first, second = tmp_path / "x.json", tmp_path / "a.json"
    save_query(first, query(0, PATCHES[:1]))
    save_query(second, query(1, PATCHES[1:]))
    assert load_patches([second, first]) == load_patches([first, second]) == PATCHES
    assert [patch.loop for patch in load_patches([second, first])] == [0, 1]


@pytest.mark.parametrize(
    ("content", "named"),
    [("{", "not valid JSON"), ('{"dataset": "d"}', "setting"), ("[]", "content")],
)
def test_a_broken_file_is_named(tmp_path: Path, content: str, named: str) -> None:
    (tmp_path / "loop_000.json").write_text(content)
    with pytest.raises(UserError, match=rf"loop_000\.json: .*{named}"):
        load_query(tmp_path / "loop_000.json")
