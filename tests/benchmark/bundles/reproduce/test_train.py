"""Training on laid-down queries, by the real workflow; the steps are stand-ins."""

from collections import Counter
from dataclasses import replace

import pytest
from toy import calls, write_prepared

from benchmark import layout
from benchmark.bundles.reproduce.lay import lay_down
from benchmark.bundles.reproduce.measure import measure
from benchmark.bundles.reproduce.train import (
    check_data,
    reported_seconds,
    train_again,
    trainings,
)
from nnactive.errors import UserError
from nnactive.io.costs import read_cost
from nnactive.io.files import write_text
from nnactive.io.queries import load_query
from nnactive.io.seals import is_intact, read_seal


def kinds(folder) -> Counter:
    names = Counter()
    for output, count in calls(folder).items():
        names[output.rpartition("/")[2].partition("_")[0]] += count
    return names


def test_queries_are_laid_down_as_finished_outputs(entry, place) -> None:
    reported = entry({1: (0.5, 0.5)})
    (experiment,) = reported.results
    root = place.root(reported)
    for _ in range(2):
        lay_down(reported, root)
        for loop in range(2):
            file = root / layout.query_file(experiment, loop)
            assert load_query(file) == reported.queries[experiment][loop]
            made = read_seal(file)
            assert made is not None
            assert is_intact(file, made)
            assert made.inputs == {}
            assert read_cost(file).seconds == 3
    assert (root / "s/start/seed_1/loop_000.json").is_file()
    assert (root / "s/random/seed_1/loop_001.json").is_file()


def test_a_state_stays_behind(entry, place) -> None:
    reported = entry({1: (0.5, 0.5)})
    (experiment,) = reported.results
    first, second = reported.queries[experiment]
    states = (first, second.model_copy(update={"state": "e" * 64}))
    lay_down(replace(reported, queries={experiment: states}), place.root(reported))
    assert load_query(place.root(reported) / layout.query_file(experiment, 1)) == second


def test_a_folder_with_other_patches_is_left_alone(entry, changed, place) -> None:
    reported = entry({1: (0.5, 0.5)})
    lay_down(reported, place.root(reported))
    with pytest.raises(UserError, match=r"loop_001\.json: contains other patches"):
        lay_down(changed(reported, 1, (0, 4, 4)), place.root(reported))


def test_what_it_takes_is_told(entry) -> None:
    reported = entry({1: (0.5, 0.5), 2: (0.5, 0.5)})
    assert trainings(reported, None) == 8
    assert trainings(reported, [1]) == 4
    assert reported_seconds(reported, None) == 2 * 2 * 4 * 3
    assert reported_seconds(reported, [0]) == 2 * 4 * 3


def test_other_data_are_refused(entry, place, tmp_path) -> None:
    reported = entry({1: (0.5,)})
    check_data(reported, place)
    write_prepared(tmp_path / "data", checksum="other")
    with pytest.raises(UserError, match="has the checksum other, and bundle was made from 'c';"):
        train_again(reported, None, place, lambda _: None)


def test_a_loop_that_it_has_not_is_refused(entry, place) -> None:
    with pytest.raises(UserError, match="--loop 2: bundle has the loops 0 to 1"):
        train_again(entry({1: (0.5, 0.5)}), [0, 2], place, lambda _: None)


@pytest.mark.slow
def test_it_labels_trains_and_evaluates_and_never_queries(entry, place, tmp_path) -> None:
    reported = entry({1: (0.5, 0.5)})
    (experiment,) = reported.results
    said: list[str] = []
    dice = train_again(reported, None, place, lambda _: None, said.append)
    # The stand-in evaluates to as many hits as misses of either kind.
    assert dice == {(experiment, loop): pytest.approx(0.5) for loop in range(2)}
    assert kinds(tmp_path) == {"train": 2, "fold": 4, "evaluation.json": 2, "result.json": 1}
    assert said == []
    assert load_query(place.root(reported) / layout.query_file(experiment, 1)).method == "random"

    evaluation = place.root(reported) / layout.evaluation_file(experiment, 1)
    evaluation.unlink()
    (place.root(reported) / layout.result_file(experiment)).unlink()
    assert train_again(reported, None, place, lambda _: None).keys() == dice.keys()
    assert kinds(tmp_path)["fold"] == 4  # what is finished isn't repeated

    write_text(place.root(reported) / layout.member_file(experiment, 1, 0), "damaged")
    train_again(reported, None, place, lambda _: None, said.append)
    assert kinds(tmp_path)["query"] == 0


@pytest.mark.slow
def test_one_loop_alone_trains_nothing_else(entry, place, tmp_path) -> None:
    reported = entry({1: (0.5, 0.5, 0.5)})
    (experiment,) = reported.results
    assert train_again(reported, [2], place, lambda _: None).keys() == {(experiment, 2)}
    assert kinds(tmp_path) == {"train": 3, "fold": 2, "evaluation.json": 1}


@pytest.mark.slow
def test_repetitions_give_a_row_for_each_loop(entry, place, tmp_path) -> None:
    reported = entry({1: (0.5, 0.5)})
    said: list[str] = []
    rows = measure(reported, [1], 2, place, lambda _: None, said.append)
    assert said == ["repetition 1 of 2", "repetition 2 of 2"]
    (row,) = rows
    assert (row.n, row.patches, row.sd, row.mean_dice) == (2, 40, 0, 0.5)
    assert row.queries == "s random seed 1 loop 1"
    assert kinds(tmp_path)["fold"] == 4
    assert measure(reported, [1], 2, place, lambda _: None, said.append) == rows
    assert kinds(tmp_path)["fold"] == 4
