"""The real pip, on wheels made here, into an environment made here; no network."""

import hashlib
import os
import stat
import subprocess
import sys
import venv
from pathlib import Path
from types import SimpleNamespace

import pytest
from wheels import make_wheel

from benchmark.image.layer import install as installing
from benchmark.image.layer import pip
from benchmark.image.layer.install import added, install, labels_of
from benchmark.image.record import LayerRecord
from nnactive.errors import NnactiveError, UserError
from nnactive.io.files import read_model


@pytest.fixture
def image(tmp_path, monkeypatch):
    """A stand-in: an environment with numpy 2.4.6, its lock, and an index of wheels."""
    home, wheels = tmp_path / "home", tmp_path / "wheels"
    venv.create(home / "venv", with_pip=False)
    python = home / "venv" / "bin" / "python"
    (site,) = (home / "venv").glob("lib/*/site-packages")
    (home / "requirements.lock").write_text("numpy==2.4.6 \\\n    --hash=sha256:00\n")
    make_wheel(wheels, "numpy", "1.26.0")
    make_wheel(wheels, "foo", "1.0", ["bar"])
    make_wheel(wheels, "bar", "2.0", ["numpy>1"])
    make_wheel(wheels, "old", "1.0", ["between"])
    make_wheel(wheels, "between", "1.0", ["numpy<2"])
    make_wheel(wheels, "shadow", "1.0", module="numpy")
    made = make_wheel(tmp_path / "there", "numpy", "2.4.6")
    subprocess.run([sys.executable, "-m", "zipfile", "-e", str(made), str(site)], check=True)
    monkeypatch.setattr(pip, "PIP", (*pip.PIP, "--python", str(python)))
    monkeypatch.setattr(installing, "installed", lambda: {"numpy": "2.4.6"})
    monkeypatch.delenv("APPTAINER_LABELS", raising=False)
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
    }.items():
        monkeypatch.setenv(name, value)

    def tells(code: str) -> str:
        command = [python, "-I", "-c", f"import importlib.metadata as m; {code}"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    before = os.umask(0o077)  # as some machines have it, also during a build
    yield SimpleNamespace(home=home, wheels=wheels, site=site, tells=tells)
    os.umask(before)


def test_a_layer_has_what_was_asked_for_and_what_that_needs(image) -> None:
    record = install(["foo==1.0", "numpy==2.4.6"], image.home, image.site)
    assert record.requirements == ("bar==2.0", "foo==1.0")
    assert read_model(image.home / "layer.json", LayerRecord) == record
    assert image.tells("import foo, bar; print(foo.FROM, bar.FROM)") == "foo 1.0 bar 2.0"
    assert image.tells("print(m.version('foo'), m.version('numpy'))") == "1.0 2.4.6"
    kept = [path.name for path in image.home.iterdir()]
    assert sorted(kept) == ["layer", "layer.json", "requirements.lock", "venv"]
    for path in (
        image.home / "layer",
        image.home / "layer.json",
        image.site / "nnactive_layer.pth",
    ):
        assert stat.S_IMODE(path.stat().st_mode) & 0o044 == 0o044


def test_what_is_there_already_adds_nothing(image) -> None:
    assert install(["numpy==2.4.6"], image.home, image.site).requirements == ()
    assert (image.home / "layer.json").is_file()
    assert not (image.home / "layer").exists()


@pytest.mark.parametrize(
    ("requirement", "message"),
    [
        ("numpy==1.26.0", "numpy==1.26.0 would change numpy, which is locked at 2.4.6"),
        (
            "old==1.0",
            "old==1.0 needs numpy<2 via between==1.0, which would change numpy, locked at",
        ),
        (
            "nowhere==1.0",
            "pip can't install what it pins: No matching distribution found for nowhere==",
        ),
        ("foo==3.0", "pip can't install what it pins: No matching distribution found for foo==3.0"),
        ("--index-url=x", "'--index-url=x' is a pip option"),
    ],
)
def test_what_is_refused_leaves_the_image_as_it_was(image, requirement, message) -> None:
    before = sorted(image.home.rglob("*"))
    with pytest.raises(UserError, match=r"^submission\.yaml: [^\n]*$") as caught:
        install([requirement], image.home, image.site)
    assert message in str(caught.value)
    assert sorted(image.home.rglob("*")) == before


def test_nothing_of_a_layer_takes_the_place_of_a_locked_module(image) -> None:
    install(["shadow==1.0"], image.home, image.site)
    assert image.tells("import numpy; print(numpy.FROM)") == "numpy 2.4.6"


def test_a_source_distribution_is_not_run(image) -> None:
    folder = image.home.parent / "evil-1.0"
    folder.mkdir()
    (folder / "setup.py").write_text(f"open({str(image.home / 'ran')!r}, 'w')\n")
    (folder / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n")
    archive = image.wheels / "evil-1.0.tar.gz"
    subprocess.run(["tar", "czf", archive, "-C", folder.parent, folder.name], check=True)
    with pytest.raises(UserError, match=r"No matching distribution found for evil==1\.0"):
        install(["evil==1.0"], image.home, image.site)
    assert not (image.home / "ran").exists()


def test_another_file_than_the_judged_one_is_not_installed(image, monkeypatch) -> None:
    asked = pip.would_install

    def and_then_the_file_changes(requirements):
        report = asked(requirements)
        make_wheel(image.wheels, "bar", "2.0", module="other")
        return report

    monkeypatch.setattr(pip, "would_install", and_then_the_file_changes)
    with pytest.raises(UserError, match="PACKAGES DO NOT MATCH THE HASHES"):
        install(["foo==1.0"], image.home, image.site)
    assert not (image.home / "layer.json").exists()


def test_a_layer_is_not_laid_on_a_layer(image) -> None:
    install(["bar==2.0"], image.home, image.site)
    with pytest.raises(UserError, match="already has a layer; use the benchmark image"):
        install(["foo==1.0"], image.home, image.site)


def test_apptainers_labels_tell_what_was_added(image, monkeypatch) -> None:
    labels = image.home.parent / "labels"
    monkeypatch.setenv("APPTAINER_LABELS", str(labels))
    record = install(["foo==1.0"], image.home, image.site)
    told = dict(line.split(" ", 1) for line in labels.read_text().splitlines())
    assert told == labels_of(record)
    assert added(told) == record.requirements == ("bar==2.0", "foo==1.0")
    assert added({}) is None
    digest = hashlib.sha256(b"bar==2.0\nfoo==1.0\n").hexdigest()
    assert told["org.nnactive.layer"] == digest


def test_an_image_without_pip_says_so(image, monkeypatch) -> None:
    monkeypatch.setattr(pip, "PIP", (str(image.home / "venv/bin/python"), "-I", "-m", "pip"))
    with pytest.raises(NnactiveError, match="this image has no pip"):
        install(["foo==1.0"], image.home, image.site)


def test_pips_last_line_names_the_packages_rather_than_its_manual() -> None:
    output = (
        "WARNING: Retrying\nERROR: Cannot install a==1 and b==1 because of conflicts.\n"
        "ERROR: ResolutionImpossible: for help visit https://pip.pypa.io\n[notice] new pip\n"
    )
    assert pip.last_line(output) == "Cannot install a==1 and b==1 because of conflicts."
    assert pip.last_line("Segmentation fault\n") == "Segmentation fault"
    assert pip.last_line("") == "pip exited without any output"


@pytest.mark.slow
def test_the_step_tells_what_it_added(image, monkeypatch, capsys) -> None:
    from benchmark.cli.main import main

    monkeypatch.setattr(installing, "install", lambda given: install(given, image.home, image.site))
    assert main(["step", "layer", "foo==1.0"]) == 0
    assert capsys.readouterr().out == "added bar==2.0\nadded foo==1.0\n"
    assert Path(image.home / "layer" / "foo.py").is_file()
    (image.home / "layer.json").unlink()
    assert main(["step", "layer", "numpy==1.26.0"]) == 2
    assert capsys.readouterr().err.startswith("error: submission.yaml: numpy==1.26.0 would change")
