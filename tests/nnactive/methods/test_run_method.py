import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from nnactive.errors import MethodError, NnactiveError, PredictionError
from nnactive.methods import BUILTIN, Patch, QueryMethod
from nnactive.methods.run_method import run_method

SIZE = (4, 4, 4)


def answering(answer):
    """Method that returns ``answer``, or its result for the view if it is a function."""

    class Author(QueryMethod):
        needs = frozenset()

        def query(self, pool, n):
            return answer(pool) if callable(answer) else answer

    return Author()


def scoring(score):
    class Author(QueryMethod):
        def score(self, prediction):
            return score(prediction)

    return Author()


def at(*starts, case="d", size=SIZE):
    return [Patch(case, start, size) for start in starts]


def spoilt(value):
    def score(prediction):
        result = prediction.mean[0]
        if prediction.case == "c":
            result[1, 2, 3] = value
        return result

    return score


def raising(error):
    def fail(_):
        raise error

    return fail


OK = (0, 0, 0)

REFUSALS = {
    "too few": (answering(at(OK)), "too few patches: 1 instead of 2"),
    "none": (answering([]), "too few patches: 0 instead of 2"),
    "too many": (answering(at(OK, (0, 0, 6), (6, 0, 0))), "too many patches: 3 instead of 2"),
    "overlap": (
        answering(at(OK, (0, 3, 3), case="b")),
        r"b: .*\(0, 3, 3\) overlaps the chosen one",
    ),
    "twice": (answering(at(OK, case="a") * 2), "overlaps the chosen one"),
    "labelled": (answering(at(OK, (6, 6, 6))), r"d: .* overlaps the labelled one at \(3, 3, 3\)"),
    "outside": (answering(at(OK, (0, 0, 7))), r"d: .*\(0, 0, 7\).* leaves the image"),
    "negative": (answering(at(OK, (0, 0, -1))), "leaves the image"),
    "small": (answering(at(OK, size=(4, 4, 3)) * 2), r"size \(4, 4, 3\) instead of \(4, 4, 4\)"),
    "unclipped": (answering(at(OK, case="c") * 2), r"c: .*instead of \(3, 4, 4\)"),
    "case": (answering(at(OK, case="z") * 2), "'z', which isn't a case of the pool"),
    "float": (answering(at((0.0, 0, 0)) * 2), "must be three integers"),
    "two axes": (answering(at((0, 0)) * 2), "must be three integers"),
    "nothing": (answering(None), "returned NoneType, it must return a list"),
    "generator": (answering(lambda _: iter(at(OK))), "must return a list of Patch"),
    "tuples": (answering([("d", OK, SIZE)] * 2), "tuple in its list"),
    "raises": (answering(raising(ValueError("a\nb"))), "Author: ValueError: a b$"),
    "silent": (answering(raising(RuntimeError())), "Author: RuntimeError$"),
    "score raises": (scoring(raising(KeyError("x"))), "Author: a: KeyError: 'x'$"),
    "NaN": (scoring(spoilt(float("nan"))), "Author: c: .*NaN or infinite in 1 voxels"),
    "inf": (scoring(spoilt(float("inf"))), "Author: c: .*NaN or infinite in 1 voxels"),
    "shape": (scoring(lambda p: p.mean), r"a: .*shape \(3, 9, 12, 10\), the image has"),
    "scalar": (scoring(lambda _: 1.0), r"a: .*shape \(\)"),
    "type": (scoring(lambda _: "high"), "a: .*must be real numbers"),
    "undeclared": (scoring(lambda p: p.expected_entropy), "a: .*expected_entropy.*needs"),
    "oracle": (answering(lambda pool: pool.oracle.label("a")), "oracle = True"),
    "labels": (answering(lambda pool: pool.labels_in(at(OK)[0])), "d: .*isn't labelled"),
    "unwritten": (QueryMethod(), r"QueryMethod: a: .*write one"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_broken_contract_is_one_line(name, make_pool, labelled_patch):
    method, told = REFUSALS[name]
    pool = make_pool(method, labelled=[labelled_patch])
    with pytest.raises(MethodError, match=told) as caught:
        run_method(method, pool, 2)
    assert str(caught.value).startswith(f"{type(method).__name__}: ")
    assert "\n" not in str(caught.value)


def test_cause_is_kept_for_debugging(make_pool):
    error = ValueError("why")
    with pytest.raises(MethodError) as caught:
        run_method(answering(raising(error)), make_pool(), 2)
    assert caught.value.__cause__ is error


def test_interrupts_and_the_steps_failures_propagate(make_pool):
    with pytest.raises(KeyboardInterrupt):
        run_method(answering(raising(KeyboardInterrupt())), make_pool(), 2)

    def broken(case, *_):
        raise OSError("disk gone")

    method = BUILTIN["predictive_entropy"]()
    with pytest.raises(NnactiveError, match=r"^a: no prediction .*disk gone") as caught:
        run_method(method, make_pool(method, predictor=broken), 2)
    assert not isinstance(caught.value, MethodError)


@pytest.mark.parametrize(
    ("value", "cause"), [("nan", "NaN"), ("inf", "infinite"), (1, "sums deviate from 1")]
)
def test_unusable_predictions_name_method_case_and_cause(value, cause, make_pool):
    def diverged(case, shape):
        return [torch.full((3, *shape), float(value))]

    method = BUILTIN["predictive_entropy"]()
    with pytest.raises(
        PredictionError, match=f"^predictive_entropy: a: member 0.*{cause}"
    ) as caught:
        run_method(method, make_pool(method, members=diverged), 2)
    assert caught.value.exit_code == 2


def test_the_check_uses_what_the_step_provided(make_pool, labelled_patch):
    def cheat(pool):
        object.__setattr__(pool.info, "labelled", ())
        object.__setattr__(pool, "_info", replace(pool.info, patch_size=(9, 9, 9)))
        return [labelled_patch, *at(OK, case="a")]

    with pytest.raises(MethodError, match="overlaps the labelled"):
        run_method(answering(cheat), make_pool(labelled=[labelled_patch]), 2)


def test_answer_keeps_its_order_and_holds_plain_integers(make_pool):
    starts = [tuple(np.array([6, 0, 0])), [0, 0, 0]]
    chosen = run_method(answering(at(*starts)), make_pool(), 2)
    assert chosen == at((6, 0, 0), (0, 0, 0))
    assert all(type(value) is int for patch in chosen for value in patch.start)


def load_example():
    path = Path(__file__).parents[3] / "examples" / "my_method.py"
    spec = importlib.util.spec_from_file_location("my_method", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.MyMethod, path


def test_example_of_the_readme_keeps_the_contract(make_pool, check_patches, labelled_patch):
    method, path = load_example()
    assert len(path.read_text().splitlines()) < 20
    pool = make_pool(method(), labelled=[labelled_patch])
    check_patches(run_method(method(), pool, 6), pool, 6)
    assert method.name == "MyMethod"
