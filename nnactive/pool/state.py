"""What a query saves for the next one: JSON with arrays, without pickle."""

import base64
import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from nnactive.errors import MethodError
from nnactive.io.formatting import size

JsonOrArrays = Any
"""JSON's values, and in them NumPy arrays of numbers."""

LIMIT = 64 * 2**20
"""Largest state in bytes: its arrays and the JSON around them."""
_DEEPEST = 50
LARGEST_FILE = LIMIT * 4 // 3 + 2**20
"""Bytes of a state's file, in which arrays are Base64 text."""
DEEPEST_FILE = _DEEPEST + 3
"""Lists and objects in one another there: an array is an object, its list and its shape."""
_ARRAY = "__array__"
_KINDS = "biufc"
_LARGEST_ITEM = {"f": 8, "c": 16}
_ALLOWED = "numbers, text, true, false, None, lists, dicts and NumPy arrays of numbers can be saved"


@dataclass
class StateSlot:
    """The state that a query finds, and the one that it saves, both encoded."""

    previous: bytes | None = None
    saved: bytes | None = None
    missed: bool = False
    """Whether it was asked for and there was none."""

    def value(self) -> JsonOrArrays:
        """The state found, a new copy each time; None if there is none."""
        self.missed = self.missed or self.previous is None
        return None if self.previous is None else decode(self.previous)

    def save(self, value: JsonOrArrays) -> None:
        """Save a state as it is now; later changes of ``value`` don't reach it."""
        self.saved = encode(value)


def encode(value: JsonOrArrays) -> bytes:
    """A state as JSON; a value gives the same bytes each time.

    Raises:
        MethodError: if something in it isn't plain data, or it is too large.
    """
    encoder = _Encoder()
    text = json.dumps(encoder.plain(value, "the value", 0), allow_nan=False, separators=(",", ":"))
    encoder.count(len(text) - encoder.encoded)
    return text.encode()


def decode(content: bytes) -> JsonOrArrays:
    """The value that `encode` was given; tuples are lists, NumPy scalars are Python's."""
    return json.loads(content, object_hook=_value)


def _value(found: dict[str, Any]) -> JsonOrArrays:
    if set(found) != {_ARRAY}:
        return found
    dtype, shape, data = found[_ARRAY]
    return np.frombuffer(base64.b64decode(data), dtype=np.dtype(dtype)).reshape(shape).copy()


class _Encoder:
    """Turns one value into what JSON can hold, and counts its bytes."""

    def __init__(self) -> None:
        self.bytes = 0
        self.encoded = 0
        """Length of the arrays in the JSON."""

    def count(self, n: int) -> None:
        self.bytes += n
        if self.bytes > LIMIT:
            raise MethodError(f"pool.save: the value is larger than {size(LIMIT)}; save less")

    def plain(self, value: object, where: str, depth: int) -> Any:
        """The value with arrays as objects of their own; ``where`` names it in messages."""
        if depth > _DEEPEST:
            raise MethodError(f"pool.save: the value is nested deeper than {_DEEPEST} levels")
        if isinstance(value, np.ndarray):
            return self._array(value, where)
        if type(value) in {list, tuple}:
            items: Any = value
            return [self.plain(v, f"{where}[{i}]", depth + 1) for i, v in enumerate(items)]
        if isinstance(value, dict):
            _check_keys(value, where)
            return {k: self.plain(v, f"{where}[{k!r}]", depth + 1) for k, v in value.items()}
        return _scalar(value, where)

    def _array(self, array: np.ndarray, where: str) -> dict[str, Any]:
        kind = array.dtype.kind
        plain = kind in _KINDS and array.dtype.itemsize <= _LARGEST_ITEM.get(kind, 8)
        if type(array) is not np.ndarray or not plain:
            what = f"{type(array).__name__} of {array.dtype}"
            raise MethodError(f"pool.save: {where} is an array ({what}); only {_ALLOWED}")
        self.count(array.nbytes)
        ordered = np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")
        data = base64.b64encode(ordered.tobytes()).decode()
        self.encoded += len(data)
        return {_ARRAY: [ordered.dtype.str, list(array.shape), data]}


def _scalar(value: object, where: str) -> Any:
    """A plain number, text, true, false or None."""
    if isinstance(value, np.bool_ | np.integer):
        value = value.item()
    if value is None or isinstance(value, bool):
        return value
    for kind in (int, str):
        if isinstance(value, kind):
            return kind(value)
    if not isinstance(value, float | np.float16 | np.float32):
        raise MethodError(f"pool.save: {where} is of type {type(value).__name__}; only {_ALLOWED}")
    if not math.isfinite(value):
        raise MethodError(f"pool.save: {where} is {value}, which JSON lacks; save it in an array")
    return float(value)


def _check_keys(value: dict[Any, Any], where: str) -> None:
    for key in value:
        if type(key) is not str or key == _ARRAY:
            raise MethodError(f"pool.save: {where} has the key {key!r}; keys must be text")
