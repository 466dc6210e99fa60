import hashlib
import json
import os
import re
import shutil
from pathlib import Path
from textwrap import dedent

import pytest

import nnactive
from benchmark.chain.check import check_inputs
from benchmark.cli.commands.author import methods as cli_methods
from benchmark.cli.commands.author.methods import examine
from benchmark.layout import spec_file
from benchmark.submission.method_string import Method, method_id
from benchmark.submission.spec import describe, freeze, load_method, make
from nnactive.errors import RefusedError, UserError
from nnactive.io.files import read_json, sha256
from nnactive.methods import BUILTIN, Need

GOOD = '''from nnactive.methods import QueryMethod


class Mine(QueryMethod):
    """Mine is the best.

    And more of it.
    """

    def score(self, prediction):
        return -prediction.mean.amax(0)
'''

DECLARES = f"{GOOD}\n    class Parameters(QueryMethod.Parameters):\n"
WITH_BETA = f"{DECLARES}        beta: float = 1\n"

REFUSED = {
    "syntax": ("class Mine(\n", "line 1: '(' was never closed"),
    "import": ("import nowhere_to_be_found\n", "can't be imported: ModuleNotFoundError: No module"),
    "raises": ("1 / 0\n", "can't be imported: ZeroDivisionError: division by zero"),
    "exits": ("import sys\nsys.exit(0)\n", "can't be imported: SystemExit"),
    "no class": ("x = 1\n", "has no class Mine"),
    "no subclass": ("class Mine:\n    pass\n", "Mine is not a subclass of nnactive.methods"),
    "a function": ("def Mine():\n    pass\n", "Mine is not a subclass"),
    "does nothing": (
        "from nnactive.methods import QueryMethod\nclass Mine(QueryMethod):\n    pass\n",
        "Mine never chooses patches; define score or query",
    ),
    "the base itself": (
        "from nnactive.methods import QueryMethod as Mine\n",
        "Mine never chooses patches",
    ),
    "needs arguments": (
        f"{GOOD}\n    def __init__(self, beta, gamma=1):\n        pass\n",
        "the constructor needs beta; give every parameter a default",
    ),
    "constructor raises": (
        f"{GOOD}\n    def __init__(self):\n        raise RuntimeError('no\\nway')\n",
        "its constructor raised RuntimeError: no way",
    ),
    "parameters of another kind": (
        f"{GOOD}\n    class Parameters:\n        beta = 1\n",
        "declare its parameters as class Parameters(QueryMethod.Parameters)",
    ),
    "parameters of pydantic's alone": (
        f"import pydantic\n{GOOD}\n    class Parameters(pydantic.BaseModel):\n        beta: int\n",
        "declare its parameters as class Parameters(QueryMethod.Parameters)",
    ),
    "a parameter without default": (
        f"{DECLARES}        beta: float\n",
        "the constructor needs beta; give every parameter a default",
    ),
    "a parameter that is no value": (
        f"{DECLARES}        weights: tuple[float, ...] = (1.0,)\n",
        "parameter 'weights' is a tuple; it must be a number, a string, true, false or None",
    ),
    "a constructor that ignores them": (
        f"{WITH_BETA}    def __init__(self, beta=2):\n        super().__init__(beta=3)\n",
        "so its constructor must be __init__(self, **parameters)",
    ),
    "a constructor that keeps them back": (
        f"{WITH_BETA}    def __init__(self, **parameters):\n        pass\n",
        "so its constructor must begin with super().__init__(**parameters)",
    ),
    "an imported builtin": (
        "from nnactive.methods.uncertainty import Bald as Mine\n",
        "Mine is imported from nnactive.methods.uncertainty; run the built-in: bald",
    ),
    "an imported part": (
        "from nnactive.methods.stratified import ClassBalancedPower\nMine = ClassBalancedPower\n",
        "Mine is imported from nnactive.methods.stratified; ",
    ),
    "a builtin's name": (
        f"{GOOD}\n    name = 'bald'\n",
        "Mine has the name of the built-in method bald; rename it",
    ),
    "wrong needs": (
        f"{GOOD}\n    needs = frozenset({{'labels'}})\n",
        f"use a frozenset of {', '.join(sorted(Need))}",
    ),
}


def sha256_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def method_file(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.py"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_query_method_is_refused_in_one_line(tmp_path, case) -> None:
    text, message = REFUSED[case]
    path = method_file(tmp_path, text)
    with pytest.raises(UserError) as caught:
        describe(Method.parse(f"{path}:Mine"))
    assert str(caught.value).startswith(path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("nowhere.py:Mine", "nowhere.py: no such file"),
        ("nowhere.py", "names no class; write path/to/file.py:Class"),
        ("nowhere.py:", "names no class"),
        ("nowhere.py:a b", "names no class"),
        (".:Mine", ".: a folder without __init__.py; name the file in a submission.yaml there"),
        ("randon", "unknown method 'randon'; known methods: bald, cla_pe_33, "),
        ("beta=5", "inside YAML's [...] quote the METHOD"),
        ("power_bald,beta", "power_bald: 'beta' is not a parameter; write METHOD,name=value"),
        ("power_bald,beta=", "power_bald: 'beta=' is not a parameter"),
        ("power_bald,beta=5,beta=6", "power_bald: duplicate parameter 'beta'; give it once"),
        ("power_bald,betta=5", "power_bald: has no parameter 'betta'; it has beta"),
        ("random,beta=5", "random: has no parameter 'beta'; it has none"),
        ("power_bald,beta=x", "power_bald: field 'beta': Input should be a valid number"),
        ("power_bald,beta=0", "power_bald: field 'beta': Input should be greater than"),
        ("cla_pe_66,alpha=2", "its parameters: alpha"),
    ],
)
def test_a_method_string_that_names_nothing_is_refused(method, message) -> None:
    with pytest.raises(UserError, match=r"^[^\n]*$") as caught:
        describe(Method.parse(method))
    assert message in str(caught.value)


def test_a_file_that_is_not_python_is_refused(tmp_path) -> None:
    path = tmp_path / "mine.txt"
    path.write_text(GOOD)
    with pytest.raises(UserError, match="not a Python file"):
        describe(Method.parse(f"{path}:Mine"))


def test_a_submission_is_known_by_its_class_and_content(tmp_path) -> None:
    path = method_file(tmp_path, GOOD)
    record = describe(Method.parse(f"{path}:Mine")).record
    assert record.id == f"Mine-{record.source_hash[:8]}"
    assert (record.name, record.description) == ("Mine", "Mine is the best.")
    assert (record.origin, record.oracle) == ("submission", False)
    method_file(tmp_path, f"# Comments and layout don't count.\n\n{GOOD}\n\n# fixed\n")
    assert describe(Method.parse(f"{path}:Mine")).record == record
    for old, new in (("amax(0)", "amin(0)"), ("And more", "And less"), ("-pred", "+pred")):
        assert old in GOOD
        method_file(tmp_path, GOOD.replace(old, new))
        assert describe(Method.parse(f"{path}:Mine")).record.id != record.id


def test_a_submission_can_say_where_it_was_published(tmp_path) -> None:
    path = method_file(tmp_path, GOOD)
    assert describe(Method.parse(f"{path}:Mine")).record.reference == ""
    for value, told in (('"A. Author 2026"', None), ("7", "field 'reference'")):
        path = method_file(tmp_path, f"{GOOD}\nMine.reference = {value}\n")
        if told is None:
            assert describe(Method.parse(f"{path}:Mine")).record.reference == "A. Author 2026"
        else:
            with pytest.raises(UserError, match=told):
                describe(Method.parse(f"{path}:Mine"))
    assert "2025" in describe(Method.parse("random")).record.reference


def test_queries_run_the_frozen_copy(tmp_path) -> None:
    path = Path(method_file(tmp_path, GOOD))
    spec = describe(Method.parse(f"{path}:Mine"))
    freeze(tmp_path / "run", spec, path)
    path.unlink()
    file = tmp_path / "run" / "methods" / f"{spec.record.id}.json"
    assert type(load_method(file)).__name__ == "Mine"
    copy = file.with_suffix("") / "files" / "mine.py"
    copy.chmod(0o644)
    copy.write_text(f"{GOOD}\nx = 'not what was submitted'\n")
    with pytest.raises(UserError, match="differs from the submitted file"):
        load_method(file)


def test_a_step_believes_the_spec_of_a_run_that_was_given_a_relative_folder(
    tmp_path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    freeze(Path("runs/demo"), describe(Method.parse("random")), None)
    monkeypatch.chdir("runs/demo")
    file = spec_file("random")
    assert check_inputs([file]) == {str(file): sha256(file)}
    file.write_bytes(file.read_bytes().replace(b"random", b"RANDOM", 1))
    with pytest.raises(RefusedError, match="is not what was written there"):
        check_inputs([file])


def test_a_file_that_changes_under_the_check_is_refused(tmp_path) -> None:
    path = Path(method_file(tmp_path, GOOD))
    spec = describe(Method.parse(f"{path}:Mine"))
    method_file(tmp_path, f"{GOOD}\nx = 'changed'\n")
    with pytest.raises(UserError, match="changed during the check"):
        freeze(tmp_path / "run", spec, path)


@pytest.mark.parametrize("name", BUILTIN)
def test_builtin_methods_need_no_file(tmp_path, name) -> None:
    method = Method.parse(name)
    assert method.file is None
    spec = examine(method, tmp_path)
    assert (spec.record.id, spec.record.origin) == (name, "builtin")
    assert spec.record.oracle == name.startswith("random_fg")
    assert len(spec.record.source_hash) == 64
    freeze(tmp_path, spec, None)
    made = load_method(tmp_path / "methods" / f"{name}.json")
    assert type(made) is BUILTIN[name]
    assert made.parameters == BUILTIN[name]().parameters


PARAMETERS = """
    class Parameters(QueryMethod.Parameters):
        beta: float = 1.0
        alpha: Decimal = Decimal("0.66")
        steps: int = 3
        kind: str = "soft"
        mirror: bool = False
        limit: int | None = None
"""


@pytest.mark.parametrize(
    ("asked", "end", "shown"),
    [
        ("", "", ""),
        (",beta=1,steps=3,alpha=0.660,mirror=no", "", ""),
        (",beta=5", ",beta=5", ", beta = 5"),
        (",beta=5.0", ",beta=5", ", beta = 5"),
        (",beta=0.5e1", ",beta=5", ", beta = 5"),
        (",beta=0.10", ",beta=0.1", ", beta = 0.1"),
        (",beta=inf", ",beta=inf", ", beta = inf"),
        (",beta=1e300", ",beta=1e300", ", beta = 1e300"),
        # Field order, whatever the order in the string.
        (",steps=4, alpha=.5 ,beta=2", ",beta=2,alpha=0.5,steps=4", ", beta = 2, alpha = 0.5"),
        (",alpha=0.12345678901234567890123", ",alpha=0.12345678901234567890123", ", alpha = 0.1"),
        (",mirror=1,limit=7", ",mirror=true,limit=7", ", mirror = true, limit = 7"),
        (",kind=a/b c", f",kind={sha256_of('a/b c')}", ", kind = a/b c"),
    ],
)
def test_parameters_are_in_the_id_the_name_and_the_object(tmp_path, asked, end, shown) -> None:
    path = Path(method_file(tmp_path, f"from decimal import Decimal\n{GOOD}{PARAMETERS}"))
    method = Method.parse(f"{path}:Mine{asked}")
    spec = describe(method)
    assert spec.record.id == f"Mine-{spec.record.source_hash[:8]}{end}"
    assert spec.record.name.startswith(f"Mine{shown}")
    assert list(spec.record.parameters) == ["beta", "alpha", "steps", "kind", "mirror", "limit"]
    freeze(tmp_path / "run", spec, path)
    read_back = load_method(tmp_path / "run" / "methods" / f"{spec.record.id}.json")
    assert read_back.parameters.model_dump() == make(method)[1].parameters.model_dump()


def test_infinity_survives_the_file(tmp_path) -> None:
    spec = describe(Method.parse("power_bald", ["beta=inf"]))
    assert spec.record.parameters == {"beta": "inf"}
    freeze(tmp_path, spec, None)
    file = tmp_path / "methods" / "power_bald,beta=inf.json"
    assert read_json(file)["record"]["parameters"] == {"beta": "inf"}
    assert load_method(file).parameters.beta == float("inf")


def test_other_programs_import_from_the_package(tmp_path) -> None:
    import benchmark.submission as package

    found = package.describe("power_bald,beta=5")
    assert found == describe(Method.parse("power_bald", ["beta=5"]))
    package.freeze(tmp_path, found, None)
    assert package.load_method(tmp_path / "methods" / "power_bald,beta=5.json").parameters.beta == 5
    with pytest.raises(AttributeError, match="no attribute 'undescribe'"):
        package.undescribe  # noqa: B018


@pytest.mark.parametrize("name", ["power_bald", "random"])
def test_what_a_newer_release_wrote_of_a_method_is_not_replaced(tmp_path, name) -> None:
    spec = describe(Method.parse(name))
    freeze(tmp_path, spec, None)
    file = tmp_path / "methods" / f"{name}.json"
    freeze(tmp_path, spec, None)
    file.write_text(json.dumps(json.loads(file.read_text()) | {"schema_version": 99}))
    with pytest.raises(UserError, match=r"schema version 99"):
        freeze(tmp_path, spec, None)


def test_ids_stay_file_names() -> None:
    many = {f"parameter_{i}": i + 0.5 for i in range(30)}
    short = method_id("Mine-12345678", many)
    assert len(short) < 30
    assert short != method_id("Mine-12345678", {**many, "parameter_7": 8.5})
    long = method_id("Mine-12345678", {"kind": "x" * 41})
    assert re.fullmatch(r"Mine-12345678,kind=[0-9a-f]{8}", long)


def test_commas_belong_to_a_files_path_and_to_single_parameters(tmp_path) -> None:
    folder = tmp_path / "one,two=3"
    folder.mkdir()
    path = method_file(folder, f"from decimal import Decimal\n{GOOD}{PARAMETERS}")
    record = describe(Method.parse(f"{path}:Mine,beta=2", ["kind=a,b"])).record
    assert (record.parameters["beta"], record.parameters["kind"]) == (2, "a,b")


def test_a_constructor_of_its_own_without_parameters_still_works(tmp_path) -> None:
    text = f"{GOOD}\n    def __init__(self, seed=4):\n        self.parameters = {{'seed': seed}}\n"
    path = Path(method_file(tmp_path, text))
    spec = describe(Method.parse(f"{path}:Mine"))
    assert spec.record.parameters == {}
    freeze(tmp_path / "run", spec, path)
    assert load_method(tmp_path / "run" / "methods" / f"{spec.record.id}.json")
    with pytest.raises(UserError, match="has no parameter 'seed'; it has none"):
        describe(Method.parse(f"{path}:Mine,seed=5"))


def test_a_builtins_hash_covers_all_that_its_choice_depends_on(tmp_path, monkeypatch) -> None:
    copy = tmp_path / "nnactive"
    shutil.copytree(Path(nnactive.__file__).parent, copy, ignore=shutil.ignore_patterns("*.pyc"))
    monkeypatch.setattr(nnactive, "__file__", str(copy / "__init__.py"))
    hashes = {describe(Method.parse("random")).record.source_hash}
    parts = ["placement", "base"]
    modules = [f"methods/{part}" for part in parts] + ["geometry", "streams"]
    parts = ["scores", "selection", "patch_means", "noise", "strata", "prediction"]
    modules += [f"query/{part}" for part in parts] + ["pool/view"]
    for module in modules:
        file = copy / f"{module}.py"
        file.write_text(f"{file.read_text()}# changed")
        hashes.add(describe(Method.parse("random")).record.source_hash)
    assert len(hashes) == 1 + len(modules)


@pytest.mark.slow
def test_the_check_runs_elsewhere_and_only_once(tmp_path, monkeypatch) -> None:
    # Where the class is imported, a file appears, as no wall forbids it here; and what it prints is
    # not taken for an answer.
    monkeypatch.setenv("NNACTIVE_ISOLATION", "none")
    seen = tmp_path / "seen"
    text = f"import os\nprint('noise')\nopen({str(seen)!r}, 'a').write(f'{{os.getpid()}} ')\n{GOOD}"
    method = f"{method_file(tmp_path, text)}:Mine"
    spec = examine(Method.parse(method), tmp_path)
    pids = [int(pid) for pid in seen.read_text().split()]
    assert len(pids) == 1
    assert pids != [os.getpid()]
    freeze(tmp_path, spec, tmp_path / "mine.py")
    assert examine(Method.parse(method), tmp_path) == spec
    assert len(seen.read_text().split()) == 1

    with pytest.raises(UserError, match="division by zero"):
        examine(Method.parse(f"{method_file(tmp_path, '1 / 0')}:Mine"), tmp_path)
    with pytest.raises(UserError, match="its process exited with status 3"):
        examine(Method.parse(f"{method_file(tmp_path, 'import os; os._exit(3)')}:Mine"), tmp_path)


def test_an_import_that_hangs_is_stopped(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(cli_methods, "SECONDS_TO_IMPORT", 1)
    path = method_file(tmp_path, "import time\ntime.sleep(1000)")
    with pytest.raises(UserError, match="importing it took more than 1 s"):
        examine(Method.parse(f"{path}:Mine"), tmp_path)


def test_whether_a_method_is_an_oracle_cannot_depend_on_who_asks(tmp_path) -> None:
    text = """
    import sys

    from nnactive.methods import QueryMethod


    class Sly(QueryMethod):
        @property
        def oracle(self):
            return "query" in sys.argv

        def query(self, pool, n):
            return []
    """
    (tmp_path / "sly.py").write_text(dedent(text))
    with pytest.raises(UserError, match="oracle must be a class constant, True or False"):
        describe(Method.parse(f"{tmp_path / 'sly.py'}:Sly"))


def test_a_class_that_uses_ground_truth_after_all_is_refused(tmp_path) -> None:
    path = Path(method_file(tmp_path, GOOD))
    spec = describe(Method.parse(f"{path}:Mine"))
    record = spec.record.model_copy(update={"oracle": True})
    freeze(tmp_path / "run", spec.model_copy(update={"record": record}), path)
    with pytest.raises(UserError, match=r"`oracle` differs from the submitted value; make it a"):
        load_method(tmp_path / "run" / "methods" / f"{spec.record.id}.json")
