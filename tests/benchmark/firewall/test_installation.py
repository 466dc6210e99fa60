"""What every box holds of this machine."""

import sys
from pathlib import Path

import pytest

import nnactive
from benchmark.firewall.installation import installation


def test_it_is_python_and_the_packages_and_no_checkout() -> None:
    found = installation()
    package = Path(nnactive.__file__).parent
    assert {Path(sys.prefix), Path(sys.base_prefix), package, Path("/usr")} <= set(found)
    assert package.parent not in found
    assert not any(package.parent / "runs" == each for each in found)
    assert all(each.is_absolute() and each.exists() for each in found)


def test_libraries_that_the_environment_names_are_part_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", f"{tmp_path}::lib:{tmp_path / 'gone'}")
    assert [each for each in installation() if str(each).startswith(str(tmp_path))] == [tmp_path]


def test_folders_that_anybody_put_into_the_search_path_are_not_part_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = tmp_path / "lib" / "site-packages"
    packages.mkdir(parents=True)
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), str(packages), str(tmp_path / "gone")])
    found = installation()
    assert packages in found
    assert not {tmp_path, Path.cwd(), tmp_path / "gone"} & set(found)
