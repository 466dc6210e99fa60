"""Why a value is undefined: an error inside metrics, ``Undefined`` everywhere else."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

Result = TypeVar("Result")


class UndefinedMetricError(ValueError):
    """A metric is undefined for its input; the text is the reason that the page shows."""


@dataclass(frozen=True)
class Undefined:
    """Takes the place of a value that does not exist."""

    reason: str
    """Why, as the page shows it."""


def attempt(compute: Callable[[], Result]) -> Result | Undefined:
    """The result of ``compute``, or why it is undefined.

    >>> attempt(lambda: required(Undefined("no seed")))
    Undefined(reason='no seed')
    """
    try:
        return compute()
    except UndefinedMetricError as error:
        return Undefined(str(error))


def required(value: Result | Undefined) -> Result:
    """The value itself.

    Raises:
        UndefinedMetricError: It is undefined; carries its reason.
    """
    if isinstance(value, Undefined):
        raise UndefinedMetricError(value.reason)
    return value
