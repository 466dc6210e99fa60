import pytest
from quality_standins import made_up_surfaces

from benchmark.consistency.result import inconsistency
from leaderboard.read.agreement import disagreements
from leaderboard.read.facts import facts_of


def disagreeing(results, vouched=()):
    return disagreements(map(facts_of, results), vouched)


def of_dataset(result, **fields):
    return result.model_copy(update={"dataset": result.dataset.model_copy(update=fields)})


def of_start(result, **fields):
    first, *others = result.loops
    return result.model_copy(update={"loops": (first.model_copy(update=fields), *others)})


@pytest.fixture
def mine(make):
    return make("Mine-0123abcd", origin="submission")


def test_results_of_the_same_data_agree(make, mine):
    assert disagreeing([make(), make("bald"), mine, make(seed=2)]) == {}
    # What is not known contradicts nothing: an older schema, a run that failed at once.
    known = of_dataset(make("bald"), pool_boundary=(30_000, 2_000))
    assert disagreeing([make(), known, mine.model_copy(update={"loops": ()})]) == {}


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
    found = disagreeing([others[0], baseline, *others[1:]])
    assert sorted(found) == [0, 2, 3]
    assert {reason.partition(":")[0] for reason in found.values()} == {what}


def test_other_work_than_the_baselines_state(worked, mine):
    stranger = worked("Mine-0123abcd", origin="submission")
    baseline = worked()
    pool = baseline.dataset.pool_effort.model_copy(update={"slices": 899, "empty_slices": 301})
    (reason,) = disagreeing([baseline, of_dataset(stranger, pool_effort=pool)]).values()
    assert reason.startswith("effort of labelling the pool: different from")
    start = stranger.loops[0].effort.model_copy(update={"components": (4, 1)})
    (reason,) = disagreeing([baseline, of_start(stranger, effort=start)]).values()
    assert reason.startswith("effort of the starting patches: different from")
    assert disagreeing([baseline, stranger, mine]) == {}


def test_larger_images_than_the_baselines_have(make, mine):
    """Patches could lie where there is nothing."""
    known, larger = ({"p": (8, 8, side), "q": (9, 9, 9)} for side in (8, 800))
    baseline, odd = of_dataset(make(), pool_shapes=known), of_dataset(mine, pool_shapes=larger)
    (found,) = disagreeing([odd, baseline, mine, make("bald")]).items()
    assert (found[0], found[1].partition(":")[0]) == (0, "shapes of the pool's images")


def test_strangers_dont_remove_each_other_where_vouched_baselines_are_silent(make, mine):
    one, other = (of_dataset(mine, pool_boundary=(n, n)) for n in (7, 8))
    assert disagreeing([make(), one, other], {0}) == {}
    assert sorted(disagreeing([make(), one, other])) == [1, 2]


def test_fewer_test_cases_than_the_others_are_found_before_their_voxels(make, mine):
    counts = mine.loops[0].counts
    fewer = type(counts)(**{k: tuple(row[:1] for row in v) for k, v in vars(counts).items()})
    loops = tuple(loop.model_copy(update={"counts": fewer}) for loop in mine.loops)
    odd = of_dataset(mine.model_copy(update={"loops": loops}), test_cases=("case_a",))
    assert inconsistency(odd) is None
    assert disagreeing([make(), odd])[1].startswith("test cases: different from")


def test_another_reference_than_everybody_elses(make, mine):
    counts = mine.loops[0].counts
    perfect = counts.model_copy(
        update={"true_positives": ((9, 9), (9, 9)), "false_negatives": ((0, 0), (0, 0))}
    )
    loops = tuple(loop.model_copy(update={"counts": perfect}) for loop in mine.loops)
    odd = mine.model_copy(update={"loops": loops})
    assert inconsistency(odd) is None
    assert disagreeing([make(), odd])[1].startswith("reference voxels of the test set")


def test_another_start_of_the_same_seed(make, mine):
    patches = mine.loops[1].patches
    found = disagreeing([make(), make("bald"), of_start(mine, patches=patches)])
    assert found == {
        2: "starting patches: different from the other results of data abababababa\u2026, setting "
        "phantom_tiny, seed 1"
    }
    assert disagreeing([make(seed=2), of_start(mine, patches=patches)]) == {}
    more = of_start(mine, labelled_foreground=(301, 11))
    assert disagreeing([make(), more])[1].startswith("voxels of the starting patches")


def test_without_a_majority_all_are_left_out_and_without_baselines_most_results_are_right(make):
    def submission(name, **fields):
        return of_dataset(make(f"{name}-0123abcd", origin="submission"), **fields)

    two = [make(), of_dataset(make("bald"), pool_cases=13)]
    assert sorted(disagreeing(two)) == sorted(disagreeing(two[::-1])) == [0, 1]
    assert "neither side has a majority" in disagreeing(two)[0]
    three = [submission("A"), submission("B"), submission("C", pool_cases=13)]
    assert list(disagreeing(three)) == [2]


@pytest.mark.parametrize(
    ("field", "value", "what"),
    [
        ("tolerances", (1000.0, 2000.0), "tolerances of the surface Dice"),
        ("diagonals", (1.0, 1.0), "diagonals of the test images"),
    ],
    ids=["tolerances", "diagonals"],
)
def test_surfaces_measured_with_something_else(make, mine, field, value, what):
    def measured(result, **fields):
        loops = [
            loop.model_copy(
                update={"surfaces": made_up_surfaces(loop.counts).model_copy(update=fields)}
            )
            for loop in result.loops
        ]
        return result.model_copy(update={"loops": tuple(loops)})

    baseline = measured(make())
    assert disagreeing([baseline, measured(mine), make("bald")]) == {}
    (reason,) = disagreeing([baseline, measured(mine, **{field: value})]).values()
    assert reason.startswith(f"{what}: different from the other results")
