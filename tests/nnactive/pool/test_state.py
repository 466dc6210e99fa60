"""What a query may save for the next one."""

from enum import Enum

import numpy as np
import pytest
import torch

from nnactive.errors import MethodError
from nnactive.geometry import Patch
from nnactive.pool import state as module
from nnactive.pool.state import decode, encode


class Colour(Enum):
    RED = "red"


PLAIN = [
    None,
    True,
    0,
    -3,
    2**80,
    0.1,
    "tëxt",
    [],
    {},
    {"a": [1, [2.5, {"b": None}]], "": False},
]


@pytest.mark.parametrize("value", PLAIN, ids=range(len(PLAIN)))
def test_plain_data_comes_back_equal_and_of_the_same_type(value) -> None:
    found = decode(encode(value))
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("dtype", ["?", "i1", "u2", "<i8", ">i4", "<f2", ">f4", "<f8", "<c16"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (2, 3, 4)], ids=str)
def test_arrays_come_back_with_type_shape_and_values(dtype, shape) -> None:
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
    found = decode(encode({"x": [array]}))["x"][0]
    assert found.dtype == array.dtype.newbyteorder("<")
    assert found.shape == array.shape
    assert (found == array).all()
    found[...] = 1  # a copy of its own


def test_arrays_hold_what_json_lacks_and_need_not_be_contiguous() -> None:
    array = np.array([[np.nan, 1], [np.inf, 2]])[:, ::-1].T
    assert np.array_equal(decode(encode(array)), array, equal_nan=True)


def test_numpys_scalars_and_tuples_become_pythons() -> None:
    value = (np.int64(3), np.float32(0.5), np.bool_(True), np.float64(0.25))  # noqa: FBT003
    assert decode(encode(value)) == [3, 0.5, True, 0.25]
    assert [type(each) for each in decode(encode(value))] == [int, float, bool, float]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (
            {"a": [Patch("a", (0, 0, 0), (1, 1, 1))]},
            r"the value\['a'\]\[0\] is of type Patch",
        ),
        ({1, 2}, "the value is of type set"),
        (b"x", "the value is of type bytes"),
        (torch.zeros(2), "the value is of type Tensor"),
        (Colour.RED, "the value is of type Colour"),
        (float("nan"), "the value is nan, which JSON lacks; save it in an array"),
        ([np.float32("inf")], r"the value\[0\] is inf"),
        ({1: 2}, "the value has the key 1; keys must be text"),
        ({"__array__": 2}, "the value has the key '__array__'"),
        (np.array([{}]), r"the value is an array \(ndarray of object\)"),
        (np.array(["a"]), r"the value is an array \(ndarray of <U1\)"),
        (np.ma.zeros(2), r"the value is an array \(MaskedArray of float64\)"),
        (np.zeros(2, dtype="M8[s]"), "ndarray of datetime64"),
    ],
    ids=range(13),
)
def test_anything_else_is_refused_by_name(value, told) -> None:
    with pytest.raises(MethodError, match=told):
        encode(value)


def test_a_circle_is_refused() -> None:
    circle: list[object] = []
    circle.append(circle)
    with pytest.raises(MethodError, match="nested deeper than 50 levels"):
        encode(circle)


def test_the_limit_counts_arrays_and_the_rest(monkeypatch) -> None:
    with pytest.raises(MethodError, match=r"larger than 64.0 MiB; save less"):
        encode(np.broadcast_to(np.float64(0), (2**23 + 1,)))  # refused before it is copied
    monkeypatch.setattr(module, "LIMIT", 1000)
    encode(np.zeros(900, dtype=np.uint8))
    for value in (np.zeros(1001, dtype=np.uint8), ["x" * 1000], {"a" * 1000: 1}, [0] * 600):
        with pytest.raises(MethodError, match="larger than"):
            encode(value)


def test_a_pool_shows_what_was_saved_and_keeps_what_is(make_pool) -> None:
    pool = make_pool()
    assert pool.state is None
    value = {"count": np.zeros(2)}
    pool.save(value)
    value["count"] += 1  # after it was saved
    slot = pool._sources.state
    assert pool.state is None  # that of the loop before
    later = make_pool(state=type(slot)(slot.saved))
    later.state["count"][:] = 7
    assert later.state["count"].tolist() == [0, 0]
    later.save(1)
    later.save(2)
    assert decode(later._sources.state.saved) == 2


@pytest.mark.parametrize("workers", [1, 2])
def test_saving_in_maps_function_is_refused(make_pool, workers) -> None:
    pool = make_pool(workers=workers)
    with pytest.raises(MethodError, match=r"can't be called in pool\.map's function"):
        pool.map(pool.save)
    pool.save(pool.map(len))
    assert decode(pool._sources.state.saved) == [1] * len(pool.cases)
