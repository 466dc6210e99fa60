"""All eight datasets by the real commands, from the archive to a pool that is trained on.

The archives are stand-ins (miniatures, served on loopback); the commands are the real ones.
"""

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from loopback import Loopback, serving
from miniature import NAMES, Miniature, build
from served import Offer, offer, put

from benchmark.cli.main import main
from benchmark.results import load_result
from nnactive.data.download import patience
from nnactive.data.download.folders import Folders
from nnactive.data.prepared import PreparedDataset

ROOT = Path(__file__).parents[2]
TRACK = Path(__file__).with_name("miniatures.yaml")
CASES = {"acdc": 12}
"""As many as a starting budget needs: two in the pool for each class, background included."""
TEST_SETS = {
    # By the authors' list, of the patients 1 to 5 and 90.
    "acdc": [f"patient00{patient}_frame{frame}" for patient in (1, 4) for frame in ("01", "12")],
    # By the rule; no other dataset's fingerprint of the rule's test set is known.
    "hippocampus": ["hippocampus_006", "hippocampus_007"],
}


@dataclass(frozen=True)
class Said:
    """How a command ended."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Way:
    """One dataset's way through the commands, with the output of each."""

    tree: Miniature
    offer: Offer
    data: Path
    refused: Said
    """The download without consent."""
    downloads: tuple[Said, ...]
    """More than one where the user has to do something first."""
    prepare: Said
    verify: Said


def say(*arguments: str) -> Said:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(list(arguments))
    return Said(status, out.getvalue(), err.getvalue())


def fingerprint(tree: Miniature) -> dict[str, object]:
    """The miniature's fingerprint, for datasets with a known test set.

    Raw spacings differ from the target's in ACDC's slices alone, which become two each.
    """
    if tree.name not in TEST_SETS:
        return {}
    slices = 2 if tree.name == "acdc" else 1
    labels = [tree.cases[case].label for case in TEST_SETS[tree.name]]
    voxels = slices * sum(np.bincount(label.ravel(), minlength=9) for label in labels)
    classes = len(tree.real.classes)
    known = {"voxels": int(voxels.sum()), "classes": voxels[1:classes].tolist()}
    whose = "authors_test" if tree.name == "acdc" else "rule_test"
    return {"fingerprints": {whose: known}}


def go(name: str, folder: Path, server: Loopback) -> Way:
    """Run all commands for one dataset."""
    tree = build(name, folder / "archives" / name, CASES.get(name, 8))
    offered = offer(tree, server)
    tree.card(folder / "datasets", download=offered.download, **fingerprint(tree))
    where = (name, "--data", str(folder / "data"))
    refused = say("data", "download", *where)
    downloads = [say("data", "download", *where, "--accept-licence")]
    if offered.by_hand is not None:
        (place,) = (line for line in downloads[0].out.splitlines() if line.startswith("Place: "))
        put(offered.by_hand, Path(place.removeprefix("Place: ")))
        downloads.append(say("data", "download", *where))
    return Way(
        tree=tree,
        offer=offered,
        data=folder / "data",
        refused=refused,
        downloads=tuple(downloads),
        prepare=say("data", "prepare", *where),
        verify=say("data", "verify", *where),
    )


@pytest.fixture(scope="module")
def way(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Way]]:
    """Runs a dataset's commands once; all datasets share a data folder."""
    folder = tmp_path_factory.mktemp("way")
    with pytest.MonkeyPatch.context() as patch, serving() as server:
        patch.setenv("NNACTIVE_DATASETS", str(folder / "datasets"))
        patch.setenv("NO_PROXY", "127.0.0.1")
        patch.setattr(patience, "BACK_OFF", 0)
        patch.setitem(sys.modules, "synapseclient", None)
        yield cache(lambda name: go(name, folder, server))


@pytest.mark.parametrize("name", NAMES)
def test_download_brings_the_archives_files(name: str, way: Callable[[str], Way]) -> None:
    gone = way(name)
    assert gone.refused.status == 2
    assert "accept it with --accept-licence" in gone.refused.err
    by_hand = name in {"toothfairy2", "mama_mia"}
    assert [said.status for said in gone.downloads] == ([2, 0] if by_hand else [0])
    assert (gone.tree.real.download.login is not None) == by_hand
    if by_hand:
        first_words = gone.tree.real.download.login.split()[:5]
        assert gone.downloads[0].out.split()[:5] == first_words
    files = Folders.of(gone.data, name).files
    brought = {
        path.relative_to(files).as_posix(): path.read_bytes()
        for path in files.rglob("*")
        if path.is_file()
    }
    assert brought == gone.offer.files
    assert f"next: nnactive-bench data prepare {name}" in gone.downloads[-1].out


@pytest.mark.parametrize("name", NAMES)
def test_prepare_takes_them_and_verify_finds_all_in_order(
    name: str, way: Callable[[str], Way]
) -> None:
    gone = way(name)
    assert gone.prepare.status == 0, gone.prepare.err
    pool, test = (8, 4) if name == "acdc" else (6, 2)
    assert f"{pool} pool and {test} test cases, checksum" in gone.prepare.out
    assert gone.verify.status == 0, gone.verify.out
    findings = [line for line in gone.verify.out.splitlines()[1:] if line[0] != " "]
    assert len(findings) == 10
    assert all(" ok " in line for line in findings), gone.verify.out
    whose = "the authors' split" if name == "acdc" else "the rule's split"
    assert whose in gone.verify.out
    # If a fingerprint is met, the classes' deviation is printed; the others have none.
    assert ("classes within 0.00%" in gone.verify.out) == (name in TEST_SETS)
    info = PreparedDataset(gone.data / name).info
    assert sorted(case.id for case in (*info.pool, *info.test)) == sorted(gone.tree.cases)
    if name in TEST_SETS:
        assert [case.id for case in info.test] == TEST_SETS[name]


def test_the_list_says_what_is_there(way: Callable[[str], Way]) -> None:
    data = {way(name).data for name in NAMES}.pop()
    listed = say("data", "list", "--data", str(data)).out.splitlines()
    states = {line.split()[0]: line.rstrip().endswith(" prepared") for line in listed}
    assert all(states[name] for name in NAMES)


def make(folder: Path, *arguments: str) -> Said:
    """`make` as a user calls it, with this environment's commands and the data of ``folder``."""
    places = [f"{name.upper()}={folder / name}" for name in ("data", "runs")]
    # The environment exists: nothing must be installed.
    ready = ["--old-file=.venv/.done", f"BIN={Path(sys.executable).parent}"]
    inherited = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES"}
    done = subprocess.run(
        ["make", *ready, *arguments, f"TRACK={TRACK}", *places, f"OUT={folder / 'board.html'}"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in inherited},
        capture_output=True,
        text=True,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def results(folder: Path) -> dict[str, tuple[str, ...]]:
    """Methods with a complete result, by setting."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.glob("runs/miniatures/*/*/seed_12345/result.json")):
        assert load_result(path).status == "complete"
        found.setdefault(path.parts[-4], []).append(path.parts[-3].split("-")[0])
    return {setting: tuple(methods) for setting, methods in found.items()}


@pytest.mark.slow
def test_a_submission_runs_its_part_of_a_track_and_the_rest_follows(
    way: Callable[[str], Way], tmp_path: Path
) -> None:
    """ACDC is missing while LiTS' part of the track runs."""
    (tmp_path / "data").mkdir()
    for name in ("lits", "mama_mia"):
        (tmp_path / "data" / name).symlink_to(way(name).data / name)
    method = "METHOD=examples/my_method.py:MyMethod"
    done = make(tmp_path, "submit", method, "DATASET=lits")
    assert done.status == 0, done.err
    assert results(tmp_path) == {"lits": ("MyMethod", "random")}
    page = (tmp_path / "board.html").read_text()
    assert "MyMethod" in page
    assert "mama_mia" not in page

    whole = make(tmp_path, "benchmark")
    assert whole.status == 2
    assert "acdc: not prepared; run nnactive-bench data download acdc" in whole.err
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("loop_*/fold_*.pth")}
    (tmp_path / "data" / "acdc").symlink_to(way("acdc").data / "acdc")
    whole = make(tmp_path, "benchmark")
    assert whole.status == 0, whole.err
    assert results(tmp_path) == {
        "acdc": ("random",),
        "lits": ("MyMethod", "random"),
        "mama_mia": ("random",),
    }
    after = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("loop_*/fold_*.pth")}
    assert before.items() <= after.items()
    assert len(after) == len(before) + 4 == 10
    for setting, patches in {"acdc": [8], "mama_mia": [8], "lits": [8, 12]}.items():
        file = tmp_path / "runs/miniatures" / setting / "random/seed_12345/result.json"
        result = load_result(file)
        assert [loop.labelled_patches for loop in result.loops] == patches
        info = PreparedDataset(way(setting).data / setting).info
        assert result.dataset.checksum == info.checksum
