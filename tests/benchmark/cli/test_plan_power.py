"""``plan power``: which differences a run can detect."""

import json

import pytest

from benchmark.cli.main import main
from leaderboard.metrics import detectable_difference


def test_a_table_by_seeds_and_how_many_are_enough(capsys) -> None:
    assert main(["plan", "power", "demo", "--sd", "2", "--difference", "5"]) == 0
    said = capsys.readouterr().out.splitlines()
    spread = 2 * 2**0.5
    rows = {line.split()[0]: line.split()[1:] for line in said if line[:5].strip().isdigit()}
    assert list(rows) == [str(seeds) for seeds in range(2, 11)]
    assert float(rows["4"][0]) == pytest.approx(detectable_difference([spread], 4), abs=0.005)
    seeds = int(said[-1].split(": ")[1].split()[0])
    assert detectable_difference([spread], seeds) <= 5 < detectable_difference([spread], seeds - 1)


def test_several_settings_have_a_mean_and_single_ones(capsys) -> None:
    words = ["plan", "power", "full", "--dataset", "acdc", "--seeds", "4"]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "mean over 6 settings" in said
    assert "noisiest (acdc_low_half)" in said
    assert main([*words, "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    (row,) = content["detectable"]
    assert repr(row["seeds"]) == "4"
    spreads = list(content["spread"].values())
    assert len(spreads) == 6
    assert row["mean"] == pytest.approx(detectable_difference(spreads, 4), abs=1e-3)
    assert row["worst"] == pytest.approx(detectable_difference([max(spreads)], 4), abs=1e-2)
    assert row["mean"] < row["median"] < row["worst"]


@pytest.mark.parametrize("value", ["nan", "inf", "1e300", "0", "-1", "101"])
@pytest.mark.parametrize("option", ["--sd", "--difference"])
def test_points_are_a_number_up_to_100(option, value, capsys) -> None:
    assert main(["plan", "power", "demo", "--sd", "2", option, value]) == 2
    assert f"Invalid value for '{option}'" in capsys.readouterr().err


def test_a_spread_that_is_nothing_detects_no_difference(capsys) -> None:
    assert main(["plan", "power", "demo", "--sd", "1e-200"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "the seeds don't vary" in line


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["demo"], "demo: a reduced-cost track"),
        (["nowhere"], "unknown track 'nowhere'"),
        (["main", "--dataset", "x"], "no setting with dataset 'x'"),
        (["demo", "--sd", "1", "--results", "."], "--sd and --results"),
        (["demo", "--results", "nowhere"], "nowhere: no such file"),
    ],
    ids=["reduced cost", "no track", "no dataset", "two spreads", "no results"],
)
def test_errors_are_one_line(words, said, capsys, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["plan", "power", *words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_a_track_is_planned_as_before(capsys) -> None:
    assert main(["plan", "--data", "none", "--runs", "none", "demo", "--gpus", "0"]) == 0
    assert "from nothing" in capsys.readouterr().out
    assert main(["plan", "--help"]) == 0
    said = capsys.readouterr().out
    assert "plan [OPTIONS] TRACK" in said
    assert "plan power" in said
