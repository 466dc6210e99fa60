"""The base of the classes in which methods declare their parameters."""

import sys
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict

from nnactive.authored import place_in
from nnactive.errors import MethodError, described

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass
else:
    ModelMetaclass = type(BaseModel)


class _Guarded(ModelMetaclass):
    """Makes a class that can't be made anyway: empty, with what is wrong.

    Otherwise one bad declaration would make all other methods of its file unusable.
    """

    def __new__(
        mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any
    ) -> type:
        try:
            return super().__new__(mcs, name, bases, namespace, **options)
        except Exception as error:  # noqa: BLE001  (whatever pydantic raises at an author's class)
            frame = sys._getframe(1)  # noqa: SLF001
            place = place_in(frame, frame.f_lineno)
            # Without the link to pydantic's page on its own errors.
            cause = described(error).partition(" For further information visit")[0]
            kept = {key: namespace[key] for key in ("__module__", "__qualname__")}
            problem = f"{cause} ({place})" if place else cause
            return super().__new__(mcs, name, bases, kept | {"problem": problem}, **options)


class ParametersBase(BaseModel, metaclass=_Guarded):
    """Parameters that a method declares, each with a type and a default."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    problem: ClassVar[str] = ""
    """What is wrong with the declaration; empty if nothing is."""

    @classmethod
    def check(cls, name: str) -> None:
        """Refuse a class that couldn't be made; ``name`` is the method's.

        Raises:
            MethodError: says what is wrong with it, and where.
        """
        if cls.problem:
            raise MethodError(f"{name}: its Parameters can't be used: {cls.problem}")
