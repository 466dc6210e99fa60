"""Base classes of the models in files, and the version of a file's schema."""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict
from pydantic_core import to_json

from nnactive.errors import UserError

VERSION = "schema_version"
"""First key of a file; a file without it was written before files had one, by version 1."""


class Frozen(BaseModel):
    """Immutable model that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class StateFile(Frozen):
    """The whole content of one file.

    The version belongs to the file and not to the model: a model that is read equals the one that
    was written, and nothing that is derived from its fields (ids, random streams, keys, a result
    that embeds it) changes with the version.
    """

    SCHEMA: ClassVar[int] = 1
    """Version that is written; to be raised when older releases would misread the file."""

    @classmethod
    def upgraded(cls, content: dict[str, Any], version: int) -> dict[str, Any]:  # noqa: ARG003
        """Fields of an older version as `SCHEMA` has them; by default they are the same."""
        return content


class NewerFileError(UserError):
    """A file that a newer release of the benchmark wrote."""


def file_text(model: BaseModel, indent: int | None = 1) -> str:
    """The JSON of a model as a file has it, with the version first if it is a `StateFile`."""
    if not isinstance(model, StateFile):
        return model.model_dump_json(indent=indent) + "\n"
    content = {VERSION: model.SCHEMA, **model.model_dump(mode="json")}
    return to_json(content, indent=indent, inf_nan_mode="null").decode() + "\n"


def fields_of(kind: type[BaseModel], content: Any) -> Any:
    """The fields in a file's JSON, those of an older version upgraded.

    Args:
        kind: model of the file; only a `StateFile` has a version.
        content: the parsed JSON.

    Raises:
        NewerFileError: if a newer release wrote the file.
        UserError: if the version is not a version.
    """
    if not (issubclass(kind, StateFile) and isinstance(content, dict)):
        return content
    version = content.get(VERSION, 1)
    if type(version) is not int or version < 1:
        raise UserError(f"field '{VERSION}': {version!r:.60} isn't a whole number from 1")
    if version > kind.SCHEMA:
        raise NewerFileError(
            f"schema version {version}, this release reads up to {kind.SCHEMA}; "
            "update the benchmark"
        )
    fields = {key: value for key, value in content.items() if key != VERSION}
    return kind.upgraded(fields, version) if version < kind.SCHEMA else fields
