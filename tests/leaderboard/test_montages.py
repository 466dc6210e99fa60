import base64
from pathlib import Path

import pytest
import synthetic

from benchmark.layout import RESULT
from leaderboard.assemble import make_board
from leaderboard.model import MethodInSetting
from leaderboard.montages import BUDGET, LARGEST, PREFIX, read_montages, with_montages
from leaderboard.payload import details_json
from leaderboard.read.load import load_entries


def picture(size: int, fill: int = 0) -> bytes:
    """STAND-IN of a WebP picture: its head, and so many bytes in all."""
    return (b"RIFF\0\0\0\0WEBP" + bytes([fill]) * size)[:size]


def left_by_a_run(folder: Path, pictures: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in pictures.items():
        (folder / name).write_bytes(content)
    return folder / RESULT


def test_only_small_webp_pictures_of_loops_are_read(tmp_path):
    good = picture(100)
    result = left_by_a_run(
        tmp_path / "run",
        {
            "loop_001.webp": good,
            "loop_002.webp": picture(LARGEST + 1),
            "loop_003.webp": b"GIF89a and more",
            "loop_x.webp": good,
            "other.webp": good,
        },
    )
    (tmp_path / "run" / "loop_005.webp").mkdir()
    (tmp_path / "run" / "loop_004.webp").symlink_to(tmp_path / "run" / "loop_001.webp")
    assert read_montages(result) == {1: good}
    assert read_montages(result.with_name("elsewhere.json")) == {}


def shown(sizes: list[list[int]], folder: Path) -> list[tuple[tuple[int, ...], int]]:
    """Loops shown and number left out of each setting, for pictures of these sizes by loop."""
    results = [
        left_by_a_run(
            folder / str(place), {f"loop_{n:03d}.webp": picture(s) for n, s in enumerate(own, 1)}
        )
        for place, own in enumerate(sizes)
    ]
    found = with_montages([MethodInSetting(f"s-{n}") for n in range(len(sizes))], results)
    assert sum(len(text) for each in found for text in each.pictures) <= BUDGET
    assert all(len(each.pictures) == len(each.pictured) for each in found)
    return [(each.pictured, each.left_out) for each in found]


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([[100, 100]], [((1, 2), 0)]),
        ([[9_000] * 4, [9_000] * 4], [((3, 4), 2), ((3, 4), 2)]),  # 12 kB each as text
        ([[9_000] * 4] * 6, [((4,), 3)] * 4 + [((), 4)] * 2),
        ([[30_000, 100], [30_000, 100]], [((1, 2), 0), ((2,), 1)]),
        ([[], [100]], [((), 0), ((1,), 0)]),
    ],
)
def test_each_setting_gets_one_before_any_gets_two_the_last_loops_first(sizes, expected, tmp_path):
    assert shown(sizes, tmp_path) == expected


def test_a_method_s_card_has_the_pictures_of_its_first_seed_and_no_strangers(tmp_path):
    world = synthetic.World(methods=2, settings=1, seeds=2, loops=3)
    synthetic.write(world, tmp_path / "own")
    for result in (tmp_path / "own").rglob(RESULT):
        seed = int(result.parent.name.removeprefix("seed_")) % 2
        left_by_a_run(result.parent, {"loop_001.webp": picture(50, 1 + seed)})
    board = make_board(load_entries([tmp_path / "own"]))
    (league,) = board.leagues
    first = min(seed for each in league.settings for seed in each.seeds) % 2
    expected = PREFIX + base64.b64encode(picture(50, 1 + first)).decode()
    assert len(league.details) == 2
    for settings in league.details.values():
        assert [each.pictures for each in settings] == [(expected,)]
    told = details_json(board)
    assert all(each["pictures"] == [expected] for own in told.values() for each in own)
    assert all("first" not in each for own in told.values() for each in own)
