"""Every published row has one setting of its study's track that would measure it again."""

from collections import Counter, defaultdict
from pathlib import Path

import pytest

from benchmark.submission.spec import describe
from benchmark.tracks import Track, load_track
from leaderboard.published import rows
from leaderboard.published.measured_by import TRACKS, Measured, measured_by
from leaderboard.published.rows import FOLDER, PublishedRow

SHARED = Path(__file__).resolve().parents[4] / "shared" / "published" / "results.csv"
NAMES = sorted({track for track, _ in TRACKS.values()})
SIZES = {"x1/2": 0.5, "x2": 2.0}


@pytest.fixture(scope="module")
def tracks() -> dict[str, Track]:
    return {name: load_track(name) for name in NAMES}


@pytest.fixture(scope="module")
def asked(tracks) -> dict[str, set[tuple[str, str]]]:
    """By track, the settings and METHOD strings that it asks for, as ids write them."""
    ids = {text: describe(text).record.id for track in tracks.values() for text in track.methods}
    return {
        name: {
            (setting.name, text)
            for setting in track.settings
            for text in track.methods
            if track.asks(setting.name, ids[text])
        }
        for name, track in tracks.items()
    }


def fitting(row: PublishedRow, track: Track) -> list[str]:
    """Settings of a track with what the row says, whatever they are called."""
    main = {setting.name: setting for setting in load_track("main").settings}
    usual = main.get(f"{row.dataset}_{row.regime}")
    factor = SIZES.get(row.variant, 1.0)
    return [
        setting.name
        for setting in track.settings
        if (setting.dataset, setting.regime) == (row.dataset, row.regime)
        and setting.training.epochs == row.epochs
        and (usual is None or setting.query_size == usual.query_size * factor)
        and (setting.queries is not None) == (row.variant == "precomputed")
    ]


def test_each_of_the_2088_rows_has_exactly_one_setting(tracks, asked) -> None:
    missed = []
    for row in rows():
        measured = measured_by(row)
        track = tracks[measured.track]
        method = (measured.setting, measured.method) in asked[measured.track]
        if fitting(row, track) != [measured.setting] or not method:
            missed.append((row.line, measured))
    assert missed == []
    assert len(rows()) == 2088
    assert Counter(measured_by(row).track for row in rows()) == {
        "main": 784,
        "patch_half": 612,
        "query_size": 288,
        "training_length": 130,
        "precomputed": 64,
        "noise": 162,
        "rollout": 48,
    }


def test_the_tracks_run_nothing_that_is_not_published(asked) -> None:
    printed = defaultdict(set)
    for row in rows():
        measured = measured_by(row)
        printed[measured.track].add((measured.setting, measured.method))
    assert dict(printed) == asked


def test_a_row_of_no_study_has_no_track() -> None:
    row = next(row for row in rows() if row.study == "noise" and row.params == "beta=5")
    setting = f"{row.dataset}_{row.regime}"
    assert measured_by(row) == Measured("noise", setting, "power_bald,beta=5")
    with pytest.raises(KeyError):
        measured_by(row.__class__(**{**vars(row), "variant": "x3"}))


@pytest.mark.skipif(not SHARED.is_file(), reason="the rows are not at ../shared/published")
def test_the_packaged_rows_are_the_shared_ones() -> None:
    assert (FOLDER / "results.csv").read_bytes() == SHARED.read_bytes()
