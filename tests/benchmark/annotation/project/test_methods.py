"""Methods that a person wrote: copied when a project begins, and all that later commands need."""

import shutil
from pathlib import Path

import pytest
from own_project import make_project

from benchmark.annotation.project.methods import checked_method, kept_method, method_of
from benchmark.annotation.project.places import Places
from benchmark.cli.contained import requirements
from benchmark.containers.outside import outside
from benchmark.containers.roles import Role
from benchmark.submission.method_string import Method
from benchmark.submission.spec import MethodSpec, describe, freeze
from nnactive.errors import UserError
from nnactive.io.files import write_model

METHOD = '''"""A method."""
from nnactive.methods import QueryMethod

class Mine(QueryMethod):
    """Mine."""

    class Parameters(QueryMethod.Parameters):
        beta: float = 1

    def score(self, prediction):
        return prediction.mean[0]
'''


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(METHOD)
    return Places(Path("p"))


def kept(places: Places, text: str) -> str:
    return kept_method(places, checked_method(text, "--method"))


def moved(places: Places) -> Places:
    """The project in another folder, its person's files gone."""
    Path("elsewhere").mkdir()
    shutil.move(places.root, "elsewhere/q")
    for path in Path().iterdir():
        if path.name != "elsewhere":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return Places(Path("elsewhere/q"))


def test_a_file_is_copied_and_the_project_may_move(places: Places) -> None:
    before = describe("mine.py:Mine,beta=2")
    text = kept(places, "mine.py:Mine,beta=2")
    (folder,) = places.methods.iterdir()
    assert text == f"methods/{folder.name}/files/mine.py:Mine,beta=2"
    assert folder.name == Method.parse("mine.py:Mine").base_id
    there = moved(places)
    method = method_of(there, text)
    assert describe(method) == before
    assert method.frozen is not None
    freeze(Path("track"), before, method.frozen)


def test_the_authors_code_is_not_imported(places: Places) -> None:
    Path("mine.py").write_text("raise SystemExit('imported')")
    assert kept(places, "mine.py:Mine").endswith("/files/mine.py:Mine")


def test_a_change_after_that_is_another_method(places: Places) -> None:
    text = kept(places, "mine.py:Mine")
    before = describe(method_of(places, text))
    Path("mine.py").write_text(METHOD.replace("mean[0]", "mean[1]"))
    assert describe(method_of(places, text)) == before
    assert describe("mine.py:Mine") != before
    assert kept(places, "mine.py:Mine") != text
    assert len(list(places.methods.iterdir())) == 2


def package() -> None:
    for name in ("pack/__init__.py", "pack/core.py", "pack/other.py", "pack/w.pt"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).touch()
    Path("pack/__init__.py").write_text("from .core import Mine\n")
    Path("pack/core.py").write_text(METHOD)
    Path("pack/submission.yaml").write_text("files: [w.pt]\nrequirements: [einops==0.8.2]\n")


def test_a_folder_comes_with_what_belongs_to_it(places: Places) -> None:
    package()
    before = Method.parse("pack:Mine")
    text, identity = kept(places, "pack:Mine"), before.base_id
    method = method_of(moved(places), text)
    assert (method.base_id, method.requirements) == (identity, ("einops==0.8.2",))
    assert method.copy is not None
    assert set(method.copy.bundle.files) == {"pack/__init__.py", "pack/core.py", "pack/w.pt"}


def test_a_copy_that_was_changed_is_refused(places: Places) -> None:
    text = kept(places, "mine.py:Mine")
    file = places.root / text.rpartition(":")[0]
    file.chmod(0o644)
    file.write_text(METHOD.replace("mean[0]", "mean[1]"))
    with pytest.raises(UserError, match=r"mine.py: differs .*; put back .*, or name your own file"):
        method_of(places, text)


def test_what_cannot_be_frozen_is_refused_before_there_is_a_project(places: Places) -> None:
    Path("mine.py").write_text("import beside\n" + METHOD)
    Path("beside.py").touch()
    with pytest.raises(UserError, match=r"^--method: mine.py:1: "):
        checked_method("mine.py:Mine", "--method")
    assert not places.root.exists()


def test_an_own_path_in_the_project_file_still_counts(places: Places, tmp_path: Path) -> None:
    text = f"{tmp_path / 'mine.py'}:Mine"
    write_model(places.project, make_project(method=text))
    assert method_of(places, text).frozen is None
    assert isinstance(describe(method_of(places, text)), MethodSpec)
    assert outside(places.root) == (tmp_path / "mine.py",)


def test_a_container_needs_nothing_but_the_project(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    package()
    write_model(places.project, make_project(method=kept(places, "pack:Mine")))
    roles = {"root": Role.PROJECT}
    assert outside(places.root) == ()
    assert requirements({"root": places.root}, roles) == ("einops==0.8.2",)
    there = moved(places)
    monkeypatch.chdir(there.root)  # where the copy's path is one of a file, too
    assert outside(Path()) == ()
    assert requirements({"root": Path()}, roles) == ("einops==0.8.2",)
