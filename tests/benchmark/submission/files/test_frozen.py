"""A submission of several files: what is frozen is what is known by the id, and what runs."""

import os
import sys
from pathlib import Path

import pytest

from benchmark.layout import frozen_folder, spec_file
from benchmark.submission.alone import PREFIX
from benchmark.submission.files import find as find_module
from benchmark.submission.files.find import find
from benchmark.submission.files.frozen import read_copy, stage
from benchmark.submission.method_string import Method
from benchmark.submission.spec import describe, freeze, load_method
from nnactive.authored import files_of
from nnactive.errors import UserError
from nnactive.io.files import read_model, sha256, write_model

METHOD = '''from nnactive.methods import QueryMethod

{top}


class Mine(QueryMethod):
    """Mine."""

    def score(self, prediction):
        {lazy}
        return prediction.mean.amax(0) * {value}
'''
EXAMPLE = Path(__file__).parents[4] / "examples" / "textured"


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def method(top: str = "", lazy: str = "pass", value: str = "1") -> str:
    return METHOD.format(top=top, lazy=lazy, value=value)


@pytest.fixture
def single(tmp_path: Path) -> Path:
    """A file with helpers, a helper package and a table."""
    top = "import helper\nimport parts.tools\nfrom parts.tools import two"
    files = {
        "mine.py": method(top, "from . import late", "helper.VALUE * two() * late.VALUE"),
        "helper.py": "from parts import tools\n\nVALUE = 3 * tools.two()\n",
        "late.py": "VALUE = 5\n",
        "parts/__init__.py": "",
        "parts/tools.py": "def two():\n    return 2\n",
        "tables/a.csv": "1,2\n",
        "unused.py": "VALUE =\n",
        "submission.yaml": "files: [helper.py, late.py, parts/__init__.py, parts/tools.py, "
        "tables/a.csv]\n",
    }
    return write(tmp_path / "one", files)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package whose class is in one of its modules."""
    files = {
        "__init__.py": "from .core import Mine\n",
        "core.py": method("from pack.sub.deep import SIGN", "from . import late", "SIGN * late.X"),
        "sub/__init__.py": "from ..more import MORE\n",
        "sub/deep.py": "SIGN = -1\n",
        "more.py": "MORE = 1\n",
        "late.py": "X = 1\n",
        "unused.py": "VALUE =\n",
        "w.pt": "weights",
        "submission.yaml": "files: [w.pt]\n",
    }
    return write(tmp_path / "pack", files)


def spec_of(text: str, root: Path) -> Path:
    """The spec file of a method that is frozen in a run."""
    parsed = Method.parse(text).staged()
    spec = describe(parsed)
    freeze(root, spec, parsed.frozen)
    return root / spec_file(spec.record.id)


def forget() -> None:
    """As in another process."""
    for name in [each for each in sys.modules if each.startswith(PREFIX)]:
        sys.modules.pop(name)


def member_score(loaded) -> float:
    class Ones:
        def amax(self, _):
            return 1

    class Prediction:
        mean = Ones()

    return loaded.score(Prediction())


def test_a_file_runs_with_the_helpers_and_data_that_it_lists(single, tmp_path) -> None:
    file = spec_of(f"{single / 'mine.py'}:Mine", tmp_path / "run")
    for each in sorted(single.rglob("*.*")):
        each.unlink()
    forget()
    loaded = load_method(file)
    assert member_score(loaded) == 6 * 2 * 5
    (table,) = [path for name, path in files_of(type(loaded)).items() if name == "tables/a.csv"]
    assert table.read_text() == "1,2\n"
    assert table.is_relative_to(tmp_path / "run")
    assert not table.stat().st_mode & 0o222


def test_a_package_comes_with_the_modules_that_it_imports(package, tmp_path) -> None:
    file = spec_of(f"{package}:Mine", tmp_path / "run")
    copy = read_copy(file.with_suffix(""))
    names = {"__init__", "core", "late", "more", "sub/__init__", "sub/deep"}
    assert set(copy.bundle.files) == {*(f"pack/{name}.py" for name in names), "pack/w.pt"}
    loaded = load_method(file)
    assert member_score(loaded) == -1
    assert files_of(type(loaded))["w.pt"].read_text() == "weights"


def test_a_folder_may_name_its_file(single) -> None:
    with pytest.raises(UserError, match=r"a folder without __init__\.py; name the file in a sub"):
        find(single)
    sheet = single / "submission.yaml"
    sheet.write_text(f"{sheet.read_text()}file: mine.py\n")
    whole, file = (Method.parse(f"{path}:Mine") for path in (single, single / "mine.py"))
    assert describe(whole).record == describe(file).record


@pytest.mark.parametrize(
    ("name", "text", "same"),
    [
        ("helper.py", "VALUE = 3\n", False),
        ("parts/tools.py", "def two():\n    return 2.0\n", False),
        ("tables/a.csv", "1,3\n", False),
        ("late.py", "# Five.\nVALUE  =  5\n", True),
        ("mine.py", "# comment\n", True),
        ("unused.py", "VALUE = 2\n", True),
    ],
)
def test_the_id_follows_what_the_method_is_made_of(single, name, text, same) -> None:
    record = describe(Method.parse(f"{single / 'mine.py'}:Mine")).record
    path = single / name
    path.write_text(f"{text}{path.read_text()}" if name == "mine.py" else text)
    again = describe(Method.parse(f"{single / 'mine.py'}:Mine")).record
    assert (again == record) is same
    assert (again.id == record.id) is same


def test_what_a_package_does_not_import_is_not_part_of_it(package) -> None:
    record = describe(Method.parse(f"{package}:Mine")).record
    (package / "unused.py").write_text("VALUE = 3\n")
    assert describe(Method.parse(f"{package}:Mine")).record == record
    (package / "late.py").write_text("X = -1\n")
    assert describe(Method.parse(f"{package}:Mine")).record.id != record.id
    package.rename(package.with_name("other"))
    core = package.with_name("other") / "core.py"
    core.write_text(core.read_text().replace("pack.sub", ".sub"))
    assert describe(Method.parse(f"{core.parent}:Mine")).record.name == "Mine"


def test_two_submissions_may_have_helpers_of_one_name(tmp_path) -> None:
    values = []
    for number in (1, 2):
        files = {
            "mine.py": method("import helper", value="helper.VALUE"),
            "helper.py": f"VALUE = {number}\n",
            "submission.yaml": "files: [helper.py]\n",
        }
        folder = write(tmp_path / str(number), files)
        values.append(member_score(load_method(spec_of(f"{folder / 'mine.py'}:Mine", tmp_path))))
    assert values == [1, 2]


@pytest.mark.parametrize("name", ["helper.py", "tables/a.csv", "stray.py"])
def test_a_frozen_copy_that_was_changed_is_refused(single, tmp_path, name) -> None:
    file = spec_of(f"{single / 'mine.py'}:Mine", tmp_path / "run")
    path = file.with_suffix("") / "files" / name
    if path.exists():
        path.chmod(0o644)
    path.write_text("VALUE = 7\n")
    with pytest.raises(UserError, match=rf"{name}: differs from the submitted file; submit"):
        load_method(file)


def test_a_copy_that_moved_is_still_the_same(single, tmp_path) -> None:
    file = spec_of(f"{single / 'mine.py'}:Mine", tmp_path / "run")
    table = file.with_suffix("") / "files" / "tables" / "a.csv"
    os.utime(table, (0, 0))
    (tmp_path / "run").rename(tmp_path / "moved")
    assert load_method(tmp_path / "moved" / file.relative_to(tmp_path / "run"))


def test_a_step_names_the_copy_by_a_relative_path(single, tmp_path, monkeypatch) -> None:
    file = spec_of(f"{single / 'mine.py'}:Mine", tmp_path / "run")
    monkeypatch.chdir(tmp_path / "run")
    forget()
    loaded = load_method(file.relative_to(tmp_path / "run"))
    assert member_score(loaded) == 6 * 2 * 5
    assert "tables/a.csv" in files_of(type(loaded))
    forget()


def test_parameters_share_the_weights_on_disk(package, tmp_path) -> None:
    core = package / "core.py"
    declared = "class Parameters(QueryMethod.Parameters):\n        beta: int = 1\n"
    core.write_text(f"{core.read_text()}\n    {declared}")
    paths = []
    for beta in (1, 2):
        file = spec_of(f"{package}:Mine,beta={beta}", tmp_path / "run")
        paths.append(files_of(type(load_method(file)))["w.pt"])
    frozen = [
        tmp_path / "run" / frozen_folder(each.name) / "files" / "pack" / "w.pt"
        for each in sorted((tmp_path / "run" / "methods").iterdir())
        if each.is_dir()
    ]
    assert len(frozen) == 2
    assert frozen[0].samefile(frozen[1])
    assert not frozen[0].samefile(package / "w.pt")  # which its author may write again


def test_an_author_may_go_on_after_the_freeze(single, tmp_path) -> None:
    file = spec_of(f"{single / 'mine.py'}:Mine", tmp_path / "run")
    (single / "helper.py").write_text("VALUE = 0\n")
    assert member_score(load_method(file)) == 60


def test_large_files_are_told_of(package, monkeypatch) -> None:
    from benchmark.submission.files import frozen

    monkeypatch.setattr(frozen, "LARGE", 5)
    told: list[str] = []
    Method.parse(f"{package}:Mine").staged(told.append)
    assert f"freezing {package / 'w.pt'} (0.0 GB)" in told


REFUSED = {
    "../x.py": "is not a path below this folder",
    "/etc/passwd": "is not a path below this folder",
    "a/../b.py": "is not a path below this folder",
    "./late.py": "is not a path below this folder",
    "a\\b.py": "is not a path below this folder",
    "nowhere.py": "no 'nowhere.py' in this folder; fix the name",
    "parts": "'parts' is not a file; list files one by one",
    "out.csv": "'out.csv' is a link out of this folder; put the file itself there",
    "linked/secret.csv": "'linked/secret.csv' is a link out of this folder",
    "pipe": "'pipe' is not a file",
    "large.bin": "'large.bin' has 0.0 GB; at most 0 GB are allowed",
    "a" * 300: "in this folder; fix the name",
}


@pytest.mark.parametrize("name", REFUSED, ids=lambda name: name[:20])
def test_a_list_can_only_name_files_of_its_folder(single, tmp_path, name, monkeypatch) -> None:
    monkeypatch.setattr(find_module, "LARGEST", 1000)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "secret.csv").touch()
    (single / "out.csv").symlink_to(tmp_path / "out" / "secret.csv")
    (single / "linked").symlink_to(tmp_path / "out")
    (single / "large.bin").write_bytes(b"0" * 1001)
    os.mkfifo(single / "pipe")
    (single / "submission.yaml").write_text(f"files: ['{name}']\n")
    with pytest.raises(UserError, match=r"^[^\n]*$") as caught:
        stage(find(single / "mine.py"))
    assert str(caught.value).startswith(f"{single / 'submission.yaml'}: field 'files': ")
    assert REFUSED[name] in str(caught.value)


@pytest.mark.parametrize("name", ["../out.py", "./mine.py", "link.py", "nowhere.py"])
def test_the_file_with_the_class_lies_in_its_folder(single, tmp_path, name) -> None:
    (tmp_path / "out.py").write_text("")
    (single / "link.py").symlink_to(tmp_path / "out.py")
    (single / "submission.yaml").write_text(f"file: {name}\n")
    with pytest.raises(UserError, match=r"submission.yaml: field 'file': "):
        stage(find(single))


@pytest.mark.parametrize("text", ["helper.py", "[1]", "[a.py, a.py]", "['']"])
def test_a_list_of_something_else_is_refused(single, text) -> None:
    (single / "submission.yaml").write_text(f"files: {text}\n")
    with pytest.raises(UserError, match=r"submission.yaml: field 'files': "):
        find(single / "mine.py")


def test_a_run_of_an_earlier_release_goes_on(tmp_path) -> None:
    copy = tmp_path / "run" / "methods" / "Mine-12345678,beta=0.1.py"
    copy.parent.mkdir(parents=True)
    copy.write_text(method("import pytest  # not in the lock, which nobody asked for"))
    (tmp_path / "mine.py").write_text(method())
    spec = describe(Method.parse(f"{tmp_path / 'mine.py'}:Mine"))
    update = {"id": copy.stem, "source_hash": sha256(copy)}
    file = copy.with_name("Mine-12345678,beta=0.1.json")
    write_model(file, spec.model_copy(update={"record": spec.record.model_copy(update=update)}))
    assert member_score(load_method(file)) == 1
    assert read_model(file, type(spec)).record.source_hash == sha256(copy)
    copy.write_text(method("# changed"))
    with pytest.raises(UserError, match="differs from the submitted file"):
        load_method(file)


def test_the_example_of_several_files_is_described() -> None:
    record = describe(Method.parse(f"{EXAMPLE}:TexturedEntropy")).record
    assert record.name == "textured_entropy"
    assert set(stage(find(EXAMPLE)).bundle.files) == {"method.py", "filters.py", "kernels.csv"}
