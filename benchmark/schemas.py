"""JSON Schemas of the files that users read or write, made from the models that read them."""

import ast
import inspect
import json
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from benchmark.results import ExperimentResult
from benchmark.submission.requirements import Manifest
from benchmark.track_files.content import TrackFile
from nnactive.data.cards import Card
from nnactive.io.files import write_text
from nnactive.io.models import VERSION, StateFile

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


@dataclass(frozen=True)
class UserFile:
    """A file that users read or write."""

    kind: type[BaseModel]
    title: str
    added: frozenset[str] = frozenset()
    """Fields that the reader adds; not in the file."""
    optional: frozenset[str] = frozenset()
    """Fields that the reader completes from others."""


FILES: Final = {
    "card": UserFile(
        Card, "A dataset's card.yaml", frozenset({"folder"}), frozenset({"nnunet_name"})
    ),
    "result": UserFile(ExperimentResult, "The result.json of an experiment"),
    "submission": UserFile(Manifest, "The submission.yaml beside a submitted method"),
    "track": UserFile(TrackFile, "A track's YAML file"),
}
"""By the name of the schema's file, without ``.json``."""


def json_schema(file: UserFile) -> dict[str, Any]:
    """The JSON Schema of a file; fields are described by the docstrings of its models."""
    made = file.kind.model_json_schema(schema_generator=_Described)
    fields = {name: each for name, each in made["properties"].items() if name not in file.added}
    required = [name for name in made.get("required", []) if name not in file.added | file.optional]
    if issubclass(file.kind, StateFile):
        text = "Version of this schema. Files of older versions are read, too."
        fields = {VERSION: {"const": file.kind.SCHEMA, "description": text}, **fields}
        required = [VERSION, *required]
    order = {"$schema": DIALECT, "title": file.title, "description": made.pop("description", "")}
    return {**order, **made, "title": file.title, "properties": fields, "required": required}


def write_schemas(folder: Path) -> list[Path]:
    """Write the schemas of all files into a folder, and return their paths."""
    paths = []
    for name, file in FILES.items():
        path = folder / f"{name}.json"
        write_text(path, json.dumps(json_schema(file), indent=2, ensure_ascii=False) + "\n")
        paths.append(path)
    return paths


class _Described(GenerateJsonSchema):
    """Describes each field by the docstring below it, and drops the titles made from names."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        made = super().model_schema(schema)
        kind = schema["cls"]
        texts = {name: text for each in reversed(kind.__mro__) for name, text in _texts(each)}
        for name, each in made.get("properties", {}).items():
            each.pop("title", None)
            if name in texts:
                each["description"] = texts[name]
        return made


def _texts(kind: type) -> list[tuple[str, str]]:
    """Names of a model's own fields with the docstrings below them."""
    if not issubclass(kind, BaseModel) or kind is BaseModel:
        return []
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    if not isinstance(tree, ast.ClassDef):
        return []
    found = []
    for field, below in zip(tree.body, tree.body[1:], strict=False):
        match field, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found.append((name, " ".join(text.split())))
    return found
