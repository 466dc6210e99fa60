"""The published JSON Schemas, against the models and the files that come with the benchmark."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from benchmark.cli.main import main
from benchmark.schemas import FILES, json_schema

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "docs" / "schema"
SHIPPED = [
    *(("card", path) for path in sorted(ROOT.glob("datasets/*/card.yaml"))),
    *(("track", path) for path in sorted(ROOT.glob("benchmark/tracks/*.yaml"))),
    *(("track", path) for path in sorted(ROOT.glob("tests/e2e/*.yaml"))),
]


def test_the_published_schemas_are_what_the_command_writes(tmp_path, capsys) -> None:
    assert main(["schema", "--out", str(tmp_path)]) == 0
    capsys.readouterr()
    made = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    published = {path.name: path.read_text(encoding="utf-8") for path in PUBLISHED.iterdir()}
    assert made.keys() == published.keys()
    for name, text in made.items():
        assert published[name] == text, f"docs/schema/{name} is out of date: nnactive-bench schema"


@pytest.mark.parametrize("name", FILES)
def test_a_schema_is_one_and_says_what_a_field_is(name) -> None:
    schema = json_schema(FILES[name])
    Draft202012Validator.check_schema(schema)
    assert any("description" in field for field in schema["properties"].values())


@pytest.mark.parametrize(("name", "path"), SHIPPED, ids=str)
def test_what_comes_with_the_benchmark_fits(name, path) -> None:
    assert problems(name, yaml.safe_load(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("submission", {"requirements": ["a==1"], "extra": 1}, "'extra' was unexpected"),
        ("submission", {"files": "helper.py"}, "'helper.py' is not of type 'array'"),
        ("track", {"name": "t"}, "'seeds' is a required property"),
        ("result", {"schema_version": 1}, "4 was expected"),
        ("card", {"folder": "here"}, "'folder' was unexpected"),
    ],
)
def test_what_does_not_fit_is_refused(name, content, told) -> None:
    assert any(told in problem for problem in problems(name, content))


def problems(name: str, content: Any) -> list[str]:
    validator = Draft202012Validator(json_schema(FILES[name]))
    as_json = json.loads(json.dumps(content))
    return [error.message for error in validator.iter_errors(as_json)]
