"""A METHOD string is parsed in one place, into one value."""

from pathlib import Path

import pytest

from benchmark.submission.method_string import Method, string_of
from benchmark.submission.spec import describe
from nnactive.errors import UserError

GOOD = """from nnactive.methods import QueryMethod


class Mine(QueryMethod):
    class Parameters(QueryMethod.Parameters):
        beta: float = 1
        kind: str = "soft"

    def score(self, prediction):
        return -prediction.mean.amax(0)
"""


@pytest.fixture
def source(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("a,b=1").mkdir()
    source = Path("a,b=1/mine.py")
    source.write_text(GOOD)
    return source


def test_a_builtin_method_has_no_file() -> None:
    method = Method.parse(" power_bald, beta = 5 ")
    assert method == Method("power_bald, beta = 5", "power_bald", None, {"beta": "5"})
    assert (method.origin, method.base_id) == ("power_bald", "power_bald")
    assert method.written_id == "power_bald,beta=5"
    assert method.requirements == ()


def test_a_files_class_has_all_that_is_asked_of_it(source) -> None:
    (source.parent / "submission.yaml").write_text("requirements: [einops==0.8.2]")
    method = Method.parse(f"{source}:Mine,beta=2", ["kind=c,d"])
    assert (method.name, method.file) == ("Mine", source)
    assert method.parameters == {"beta": "2", "kind": "c,d"}
    assert method.origin == f"{source}:Mine"
    assert method.requirements == ("einops==0.8.2",)
    assert method.moved(Path("/submission/mine.py")) == "/submission/mine.py:Mine,beta=2"


def test_another_process_gets_the_same_value(source) -> None:
    method = Method.parse(f"{source}:Mine,beta=2", ["kind=c,d"])
    *options, dashes, string = method.arguments
    assert options[::2] == ["--param"]
    assert dashes == "--"  # the string may begin with one
    assert Method.parse(string, options[1::2]) == method


def test_an_option_repeats_no_parameter_of_the_string() -> None:
    with pytest.raises(UserError, match="power_bald: duplicate parameter 'beta'; give it once"):
        Method.parse("power_bald,beta=5", ["beta=6"])


@pytest.mark.parametrize("parameters", ["", ",beta=5", ",beta=0.5,kind=hard", f",kind={'x' * 41}"])
def test_the_string_of_a_record_makes_the_method_again(source, parameters) -> None:
    record = describe(Method.parse(f"{source}:Mine{parameters}")).record
    again = string_of(record, str(source))
    assert again == f"{source}:Mine{parameters}"
    assert describe(Method.parse(again)).record == record


def test_the_string_of_an_id_that_is_a_hash_gives_all_parameters(source) -> None:
    record = describe(Method.parse(f"{source}:Mine,beta=5")).record
    hashed = record.model_copy(update={"id": f"{record.id.partition(',')[0]},0123abcd"})
    assert string_of(hashed, str(source)) == f"{source}:Mine,beta=5,kind=soft"


def test_the_string_of_a_builtin_record_is_its_id() -> None:
    record = describe(Method.parse("clasp_pe,alpha=.5,beta_0=2")).record
    assert string_of(record, "unused.py") == record.id == "clasp_pe,alpha=0.5,beta_0=2"
