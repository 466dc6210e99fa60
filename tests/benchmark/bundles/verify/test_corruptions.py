"""A valid bundle verifies; each corruption of it is named by the check that must find it."""

import json
from pathlib import Path

import pytest
from bundle_corruptions import CORRUPTIONS, WITH_BASELINES, WITH_DATA, patches
from bundle_standins import rewrite

from benchmark.bundles.verify.findings import failures
from benchmark.bundles.verify.verify import CHECKS, RECORD, verify
from nnactive.errors import UserError

UNCHECKED = {"start again", "prepared dataset", "test labels", "labels of the pool"}
"""Without the prepared dataset."""
ALWAYS = {"signature", "attestations"}
NO_BASELINES = {"baselines' data", "baselines' starts"}


def states(folder: Path, *others: Path | None) -> dict[str, str]:
    return {finding.check: finding.state for finding in verify(folder, *others)}


@pytest.mark.parametrize("name", ["submission", "random", "random_fg33"])
def test_a_valid_bundle_verifies_and_says_what_is_not_checked(bundles, phantom, name) -> None:
    alone = states(bundles / name)
    assert list(alone) == [RECORD, *CHECKS]
    unchecked = {check for check, state in alone.items() if state == "not checked"}
    own = {"random streams"} if name != "random" else set()
    code = set() if name == "submission" else {"code"}
    assert unchecked == UNCHECKED | NO_BASELINES | ALWAYS | own | code
    assert "FAILED" not in alone.values()
    full = states(bundles / name, phantom.parent, bundles / "random")
    assert "FAILED" not in full.values()
    unchecked = {check for check, state in full.items() if state == "not checked"}
    assert unchecked == ALWAYS | ({"random streams"} if name == "submission" else {"code"})


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_each_corruption_is_named(copied, name) -> None:
    check, corrupt = CORRUPTIONS[name]
    folder = copied("submission")
    corrupt(folder)
    assert check in {finding.check for finding in failures(verify(folder))}


@pytest.mark.parametrize("name", WITH_DATA)
def test_what_only_the_dataset_shows_is_named(copied, phantom, name) -> None:
    check, corrupt = WITH_DATA[name]
    folder = copied("submission")
    corrupt(folder)
    assert not failures(verify(folder)), "found without the dataset: it belongs to CORRUPTIONS"
    assert check in {finding.check for finding in failures(verify(folder, phantom.parent))}


@pytest.mark.parametrize("name", WITH_BASELINES)
def test_what_the_baselines_show_is_named(bundles, copied, name) -> None:
    check, corrupt = WITH_BASELINES[name]
    folder = copied("submission")
    corrupt(folder)
    found = failures(verify(folder, None, bundles / "random"))
    assert {finding.check for finding in found} == {check}


@pytest.mark.parametrize("name", ["random", "random_fg33"])
def test_patches_that_the_random_stream_does_not_give_are_named(copied, phantom, name) -> None:
    folder = copied(name)
    patches(2, lambda found: found.reverse())(folder)
    found = failures(verify(folder, phantom.parent))
    assert [(each.check, each.detail.partition(":")[0]) for each in found] == [
        ("random streams", "phantom_low, seed 1, loop 2")
    ]


def test_a_folder_without_baselines_is_an_error(bundles, tmp_path) -> None:
    with pytest.raises(UserError, match="no results; give a folder"):
        verify(bundles / "random", None, tmp_path)
    with pytest.raises(UserError, match="no results of built-in methods"):
        verify(bundles / "random", None, bundles / "submission")


def test_there_are_more_than_thirty() -> None:
    assert len(CORRUPTIONS) > 60
    assert {check for check, _ in CORRUPTIONS.values()} <= set(CHECKS)
    found = {
        check for group in (CORRUPTIONS, WITH_DATA, WITH_BASELINES) for check, _ in group.values()
    }
    assert set(CHECKS) - found == {"Dice", "random streams", "signature", "attestations"}


def test_the_same_start_for_two_seeds_is_named_unless_it_is_drawn_without_chance(copied) -> None:
    """Otherwise the best seed's result could stand for all."""
    folder = copied("submission")
    both = ("results/phantom_low/seed_1.json", "queries/phantom_low/seed_1/loop_000.json")
    start = json.loads((folder / both[1]).read_text())["patches"]
    for setting in ("phantom_low", "phantom_long"):
        first = json.loads((folder / f"results/{setting}/seed_1.json").read_text())
        name = f"results/{setting}/seed_2.json"
        rewrite(folder, name, lambda r, first=first: r.update(first, seed=2))
        query = f"queries/{setting}/seed_2/loop_000.json"
        rewrite(folder, query, lambda q: q.update(patches=start))
    (found,) = [each for each in verify(folder) if each.check == "shared start"]
    assert (found.state, "though the seeds differ" in found.detail) == ("FAILED", True)
    for name in folder.glob("results/*/*.json"):
        rewrite(folder, name, lambda result: result["method"].update(start="Mine"))
    (found,) = [each for each in verify(folder) if each.check == "shared start"]
    assert found.state == "ok"
