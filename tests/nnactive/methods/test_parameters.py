"""A bad declaration of parameters makes one class unusable, not its whole file."""

import pytest
from pydantic import BaseModel, Field

from nnactive.errors import MethodError
from nnactive.methods import QueryMethod
from nnactive.methods.parameters import ParametersBase


def bad() -> type[QueryMethod]:
    class Bad(QueryMethod):
        class Parameters(QueryMethod.Parameters):
            beta = 1

    return Bad


def test_a_bad_declaration_is_told_when_the_class_is_used() -> None:
    kind = bad()
    with pytest.raises(
        MethodError, match=r"^Bad: its Parameters can't be used: Pydantic.*`beta = 1`"
    ):
        kind()
    with pytest.raises(MethodError, match=r"^[^\n]*$"):
        kind()

    class Below(kind):
        class Parameters(kind.Parameters):
            alpha: float = 1

    with pytest.raises(MethodError, match="Below: its Parameters can't be used"):
        Below()


@pytest.mark.parametrize("kind", [object, type("Own", (), {})])
def test_a_type_that_pydantic_does_not_know_is_one(kind) -> None:
    class Parameters(ParametersBase):
        beta: kind = Field(default=1, gt=0)  # type: ignore[valid-type]

    assert Parameters.problem or not issubclass(kind, (int, float))


def test_a_good_declaration_is_as_before() -> None:
    class Good(QueryMethod):
        class Parameters(QueryMethod.Parameters):
            beta: float = 1

    assert Good(beta=2).parameters.beta == 2
    assert isinstance(Good().parameters, BaseModel)
    assert Good.Parameters.problem == ""
    assert list(Good.Parameters.model_fields) == ["beta"]
