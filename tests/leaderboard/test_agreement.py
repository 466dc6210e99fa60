import pytest

from leaderboard.agreement import disagreements
from leaderboard.consistency import inconsistency


def of_dataset(result, **fields):
    return result.model_copy(update={"dataset": result.dataset.model_copy(update=fields)})


def of_start(result, **fields):
    first, *others = result.loops
    return result.model_copy(update={"loops": (first.model_copy(update=fields), *others)})


@pytest.fixture
def mine(make):
    return make("Mine-0123abcd", origin="submission")


def test_results_of_the_same_data_agree(make, mine):
    assert disagreements([make(), make("bald"), mine, make(seed=2)]) == {}
    # What is not known contradicts nothing: an older schema, a run that failed at once.
    known = of_dataset(make("bald"), pool_boundary=(30_000, 2_000))
    assert disagreements([make(), known, mine.model_copy(update={"loops": ()})]) == {}


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"split_kind": "other"}, "split"),
        ({"classes": ("large", "tiny")}, "foreground classes"),
        ({"test_cases": ("case_a", "case_c")}, "test cases"),
        ({"pool_cases": 13}, "number of cases in the pool"),
        ({"pool_foreground": (180_000, 6_000)}, "foreground voxels of the pool"),
        ({"pool_boundary": (9, 9)}, "boundary voxels of the pool"),
    ],
)
def test_what_the_baselines_have_is_right(make, mine, fields, what):
    baseline = of_dataset(make(), pool_boundary=(30_000, 2_000))
    others = [of_dataset(mine.model_copy(update={"seed": seed}), **fields) for seed in (1, 2, 3)]
    assert inconsistency(baseline) is None
    found = disagreements([others[0], baseline, *others[1:]])
    assert sorted(found) == [0, 2, 3]
    assert {reason.partition(":")[0] for reason in found.values()} == {what}


def test_fewer_test_cases_than_the_others_are_found_before_their_voxels(make, mine):
    counts = mine.loops[0].counts
    fewer = type(counts)(**{k: tuple(row[:1] for row in v) for k, v in vars(counts).items()})
    loops = tuple(loop.model_copy(update={"counts": fewer}) for loop in mine.loops)
    odd = of_dataset(mine.model_copy(update={"loops": loops}), test_cases=("case_a",))
    assert inconsistency(odd) is None
    assert disagreements([make(), odd])[1].startswith("test cases: different from")


def test_another_reference_than_everybody_elses(make, mine):
    counts = mine.loops[0].counts
    perfect = counts.model_copy(
        update={"true_positives": ((9, 9), (9, 9)), "false_negatives": ((0, 0), (0, 0))}
    )
    loops = tuple(loop.model_copy(update={"counts": perfect}) for loop in mine.loops)
    odd = mine.model_copy(update={"loops": loops})
    assert inconsistency(odd) is None
    assert disagreements([make(), odd])[1].startswith("reference voxels of the test set")


def test_another_start_of_the_same_seed(make, mine):
    patches = mine.loops[1].patches
    found = disagreements([make(), make("bald"), of_start(mine, patches=patches)])
    assert found == {
        2: "starting patches: different from the other results of data abababababa\u2026, setting "
        "phantom_tiny, seed 1"
    }
    assert disagreements([make(seed=2), of_start(mine, patches=patches)]) == {}
    more = of_start(mine, labelled_foreground=(301, 11))
    assert disagreements([make(), more])[1].startswith("voxels of the starting patches")


def test_without_a_majority_all_are_left_out_and_without_baselines_most_results_are_right(make):
    def submission(name, **fields):
        return of_dataset(make(f"{name}-0123abcd", origin="submission"), **fields)

    two = [make(), of_dataset(make("bald"), pool_cases=13)]
    assert sorted(disagreements(two)) == sorted(disagreements(two[::-1])) == [0, 1]
    assert "neither side has a majority" in disagreements(two)[0]
    three = [submission("A"), submission("B"), submission("C", pool_cases=13)]
    assert list(disagreements(three)) == [2]
