"""Methods of installed packages: by name, frozen like any other; whether a package is intact."""

import hashlib
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

from benchmark.cli.main import main
from benchmark.containers.handover import hand_over
from benchmark.containers.roles import Given, Role
from benchmark.submission.intact import check_intact
from benchmark.submission.method_string import Method
from benchmark.submission.spec import describe, freeze, load_method
from nnactive.errors import UserError

CORE = '''from nnactive.methods import QueryMethod

from .signs import SIGN


class Mine(QueryMethod):
    """Mine, installed."""

    class Parameters(QueryMethod.Parameters):
        beta: int = 1

    def score(self, prediction):
        return prediction.mean.amax(0) * SIGN
'''
POINTS = """[nnactive.methods]
packaged = my_methods.core:Mine
gone = my_methods.nowhere:Mine
bald = my_methods.core:Mine
"""


@pytest.fixture
def site(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "site"
    install(folder, "my-methods", {"my_methods/__init__.py": "", "my_methods/core.py": CORE})
    (folder / "my_methods" / "signs.py").write_text("SIGN = -1\n")
    info = folder / "my_methods-1.0.dist-info"
    (info / "entry_points.txt").write_text(POINTS)
    monkeypatch.syspath_prepend(str(folder))
    return folder


def install(site: Path, name: str, files: dict[str, str]) -> None:
    """As an installer leaves a wheel."""
    info = site / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    lines = []
    for path, text in files.items():
        (site / path).parent.mkdir(exist_ok=True)
        (site / path).write_text(text)
        digest = urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
        lines.append(f"{path},sha256={digest},{len(text)}\n")
    (info / "RECORD").write_text("".join(lines))
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")


@pytest.mark.slow
def test_an_installed_method_runs_from_its_frozen_copy(site, tmp_path) -> None:
    method = Method.parse("packaged,beta=2").staged()
    spec = describe(method)
    assert spec.record.id == f"Mine-{spec.record.source_hash[:8]},beta=2"
    assert spec.record.description == "Mine, installed."
    freeze(tmp_path / "run", spec, method.frozen)
    (site / "my_methods" / "signs.py").write_text("SIGN = 1\n")
    assert load_method(tmp_path / "run" / "methods" / f"{spec.record.id}.json").parameters.beta == 2
    assert describe(Method.parse("packaged,beta=2")).record.id != spec.record.id


def test_what_an_installed_package_requires_is_pinned(site) -> None:
    metadata = site / "my_methods-1.0.dist-info" / "METADATA"
    metadata.write_text(
        f"{metadata.read_text()}Requires-Dist: numpy\nRequires-Dist: iniconfig\n"
        "Requires-Dist: pluggy; extra == 'x'\n"
    )
    core = site / "my_methods" / "core.py"
    core.write_text(f"import iniconfig, numpy\n{core.read_text()}")
    (site / "my_methods-1.0.dist-info" / "RECORD").write_text("my_methods/core.py,,\n")
    (needed,) = describe(Method.parse("packaged")).record.requirements
    assert needed.startswith("iniconfig==")
    core.write_text(f"import pluggy\n{core.read_text()}")
    with pytest.raises(UserError, match=r"core\.py:1: imports pluggy, .*'- pluggy=="):
        describe(Method.parse("packaged"))


@pytest.mark.slow
def test_the_list_has_installed_methods_and_says_what_is_wrong_with_one(
    site, capfd, monkeypatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(site))  # for the process that imports it
    monkeypatch.setenv("COLUMNS", "300")
    assert main(["method", "list"]) == 0
    out = " ".join(capfd.readouterr().out.split())
    assert "packaged later loops beta=1 no Mine, installed." in out
    assert "gone" in out
    assert "can't be used" in out
    assert Method.parse("bald").file is None
    assert main(["method", "show", "packaged"]) == 0


def test_an_installed_package_is_not_in_an_image(site) -> None:
    with pytest.raises(UserError, match=r"isn't in the image; give its folder: .*my_methods:Mine"):
        hand_over((), [Given("", ("packaged",), Role.METHOD)])


def test_a_required_package_must_be_as_its_wheel_was(tmp_path, monkeypatch) -> None:
    site = tmp_path / "site"
    install(site, "sole", {"sole/__init__.py": "SIGN = 1\n", "sole/data.txt": "a"})
    monkeypatch.syspath_prepend(str(site))
    (site / "sole" / "data.txt").write_text("b")  # bytes of no code
    check_intact("mine.py:Mine", "sole")
    check_intact("mine.py:Mine", "nowhere-to-be-found")
    check_intact("mine.py:Mine", "numpy")
    (site / "sole" / "__init__.py").write_text("SIGN = -1\n")
    line = r"^mine.py:Mine: sole 1.0 was changed after its installation \(sole/__init__.py\); inst"
    with pytest.raises(UserError, match=line):
        check_intact("mine.py:Mine", "sole")
    (site / "sole-1.0.dist-info" / "direct_url.json").write_text('{"url": "", "dir_info": {}}')
    with pytest.raises(UserError, match="sole is installed from a folder, so its version"):
        check_intact("mine.py:Mine", "sole")
