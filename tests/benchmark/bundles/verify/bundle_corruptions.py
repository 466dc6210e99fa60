"""Ways to corrupt a valid bundle, each with the check that must name it.

All but the first ones are forgeries: ``bundle.json`` is written anew, so that every hash fits.
"""

import json
import os
import shutil
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

from bundle_standins import MANIFEST, rewrite, seal

Corrupt = Callable[[Path], None]
RESULT = "results/phantom_low/seed_1.json"
QUERY = "queries/phantom_low/seed_1/loop_{:03d}.json"


def _results(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.glob("results/*/*.json"))


def one(change: Callable[[Any], Any]) -> Corrupt:
    """Change one result."""
    return lambda folder: rewrite(folder, RESULT, change)


def every(change: Callable[[Any], Any]) -> Corrupt:
    """Change all results alike."""

    def corrupt(folder: Path) -> None:
        for name in _results(folder):
            rewrite(folder, name, change)

    return corrupt


def method(**fields: Any) -> Corrupt:
    """Change the method's record everywhere."""

    def corrupt(folder: Path) -> None:
        every(lambda result: result["method"].update(fields))(folder)
        rewrite(folder, "method.json", lambda spec: spec["record"].update(fields))
        record = json.loads((folder / "bundle.json").read_text())["method"] | fields
        for path in folder.glob("queries/*/*/*.json"):
            query = json.loads(path.read_text())
            query["method"] = record["id"] if query["loop"] else query["method"]
            path.write_text(json.dumps(query))
        seal(folder, method=record)

    return corrupt


def record(**fields: Any) -> Corrupt:
    """Change ``bundle.json``."""
    return lambda folder: seal(folder, **fields)


def edit(*place: str | int, to: Any) -> Callable[[Any], None]:
    """Set one value; a function is given the old one."""

    def change(content: Any) -> None:
        for key in place[:-1]:
            content = content[key]
        content[place[-1]] = to(content[place[-1]]) if callable(to) else to

    return change


def more_than_the_pool(result: Any) -> None:
    """One labelled voxel of a class more than the pool has."""
    result["loops"][2]["labelled_foreground"][2] = result["dataset"]["pool_foreground"][2] + 1


def patches(loop: int, change: Callable[[list[dict[str, Any]]], Any]) -> Corrupt:
    """Change a loop's patches in result and query file alike."""

    def corrupt(folder: Path) -> None:
        def of_result(result: Any) -> None:
            columns = result["loops"][loop]["patches"]
            rows = zip(*(zip(*columns[key], strict=True) for key in ("start", "size")), strict=True)
            found = [
                {"case": case, "start": list(start), "size": list(size)}
                for case, (start, size) in zip(columns["case"], rows, strict=True)
            ]
            change(found)
            columns["case"] = [each["case"] for each in found]
            for key in ("start", "size"):
                columns[key] = [[each[key][axis] for each in found] for axis in range(3)]

        rewrite(folder, RESULT, of_result)
        rewrite(folder, QUERY.format(loop), lambda query: change(query["patches"]))

    return corrupt


def _moved(start: list[int]) -> Callable[[list[dict[str, Any]]], None]:
    return lambda found: found[0].update(start=start)


def _twin(found: list[dict[str, Any]]) -> None:
    found[1] = deepcopy(found[0])


def _fourfold(found: list[dict[str, Any]]) -> None:
    found[1:4] = [deepcopy(found[0]) for _ in range(3)]


def _overlapping(found: list[dict[str, Any]]) -> None:
    found[1] = deepcopy(found[0])
    found[1]["start"][0] += 1 if found[0]["start"][0] == 0 else -1


def _without_shapes(folder: Path) -> None:
    every(edit("dataset", "pool_shapes", to=None))(folder)
    patches(1, _twin)(folder)


def _append(folder: Path) -> None:
    with (folder / RESULT).open("a") as file:
        file.write(" ")


def _bit(folder: Path) -> None:
    text = (folder / RESULT).read_text()
    (folder / RESULT).write_text(text.replace('"seconds":10.5', '"seconds":10.6', 1))


def _renamed(folder: Path) -> None:
    (folder / RESULT).rename(folder / "results/phantom_low/seed_3.json")


def _link(folder: Path) -> None:
    (folder / RESULT).rename(folder.parent / "elsewhere.json")
    (folder / RESULT).symlink_to(folder.parent / "elsewhere.json")


def _pipe(folder: Path) -> None:
    (folder / RESULT).unlink()
    os.mkfifo(folder / RESULT)


def _without(*names: str) -> Corrupt:
    def corrupt(folder: Path) -> None:
        for name in names:
            path = folder / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        seal(folder)

    return corrupt


def _of_another_method(folder: Path) -> None:
    rewrite(folder, RESULT, lambda result: result["method"].update(id="bald", name="bald"))


def _another_setting(folder: Path) -> None:
    shutil.copytree(folder / "results/phantom_low", folder / "results/phantom_more")
    seal(folder)


def _code(folder: Path) -> None:
    (file,) = folder.glob("code/files/*.py")
    file.write_text(file.read_text() + "\nSECRET = 1\n")
    seal(folder)


def _newer(folder: Path) -> None:
    every(edit("protocol_version", to="9.0"))(folder)
    rewrite(folder, "track.json", edit("protocol_version", to="9.0"))
    seal(folder, protocol_version="9.0")


def _demo(folder: Path) -> None:
    every(edit("track", to="demo"))(folder)
    rewrite(folder, "track.json", edit("name", to="demo"))
    seal(folder, track="demo")


def _left_out(folder: Path) -> None:
    method_id = json.loads((folder / "bundle.json").read_text())["method"]["id"]
    rewrite(folder, "track.json", edit("left_out", to={"phantom_low": [method_id]}))


def _swapped(folder: Path) -> None:
    first, second = folder / QUERY.format(1), folder / QUERY.format(2)
    one_, other = first.read_text(), second.read_text()
    first.write_text(other)
    second.write_text(one_)
    seal(folder)


def _manifest(folder: Path) -> None:
    (folder / "submission.yaml").write_text(f"{MANIFEST}surprise: 1\n")
    seal(folder)


def _foreground(result: Any) -> None:
    """All of the last loop's foreground, and more than its patches have voxels."""
    first, second = result["loops"][-2:]
    first["labelled_foreground"] = [0 for _ in first["labelled_foreground"]]
    more = second["labelled_voxels"] - first["labelled_voxels"] + 1
    second["labelled_foreground"][0] = more


def _reference(result: Any) -> None:
    for loop in result["loops"]:
        loop["counts"]["false_negatives"][0][0] += 50


def _false_positives(result: Any) -> None:
    """More than the image has voxels; the bins, which contradict them, are withheld."""
    result["loops"][2]["counts"]["false_positives"][0][0] = 10**6
    result["loops"][2]["calibration"] = None


def _bundle(**fields: Any) -> Corrupt:
    return record(**fields)


def _own_start(folder: Path) -> None:
    """Another order of the start's patches in all settings of a seed."""
    for setting in ("phantom_low", "phantom_long"):
        for name in (f"results/{setting}/seed_1.json", f"queries/{setting}/seed_1/loop_000.json"):
            rewrite(folder, name, _reversed)


def _reversed(content: Any) -> None:
    if "patches" in content:
        content["patches"].reverse()
        return
    columns = content["loops"][0]["patches"]
    for column in (columns["case"], *columns["start"], *columns["size"]):
        column.reverse()


def _again(folder: Path) -> None:
    """A patch of the start, chosen again in loop 1."""
    (first, *_) = json.loads((folder / QUERY.format(0)).read_text())["patches"]
    patches(1, lambda found: found[0].update(deepcopy(first)))(folder)


def _with(folder: Path, **fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "bundle.json").read_text())["method"]
    return found | fields


CORRUPTIONS: dict[str, tuple[str, Corrupt]] = {
    "a byte more": ("hashes", _append),
    "a digit changed": ("hashes", _bit),
    "a file is missing": ("files", lambda folder: (folder / RESULT).unlink()),
    "a file in addition": (
        "files",
        lambda folder: (folder / "notes.txt").write_text("hello") and None,
    ),
    "a file renamed": ("files", _renamed),
    "a link": ("files", _link),
    "a pipe": ("files", _pipe),
    "a seed is missing": (
        "experiments",
        _without(RESULT, "queries/phantom_low/seed_1"),
    ),
    "a setting is missing": (
        "experiments",
        _without("results/phantom_long", "queries/phantom_long"),
    ),
    "a setting in addition": ("places", _another_setting),
    "result of another method": ("method", _of_another_method),
    "another id in the record": (
        "method",
        lambda folder: seal(folder, method=_with(folder, id="Other-b1250583")),
    ),
    "oracle in one result": ("method", one(edit("method", "oracle", to=True))),
    "says that it is built in": ("origin", method(origin="builtin")),
    "id without the hash": ("origin", method(id="Turns")),
    "another source hash": ("code", method(source_hash="0" * 64)),
    "other requirements": ("code", method(requirements=["einops==0.8.2"])),
    "code changed": ("code", _code),
    "code is missing": ("code", _without("code")),
    "name like a built-in one": ("names", method(name="B\N{CYRILLIC SMALL LETTER A}LD")),
    "invisible name": ("names", method(name="\N{ZERO WIDTH SPACE}")),
    "a class that nobody sees": (
        "names",
        every(edit("dataset", "classes", 0, to="\N{ZERO WIDTH SPACE}")),
    ),
    "name written backwards": ("names", method(name="\N{RIGHT-TO-LEFT OVERRIDE}dlab")),
    "protocol of one result": ("protocol", one(edit("protocol_version", to="0.9"))),
    "protocol of the future": ("protocol", _newer),
    "schema of the future": ("schema", one(edit("schema_version", to=99))),
    "a field in addition": ("schema", one(edit("surprise", to=1))),
    "a text instead of a count": ("schema", one(edit("loops", 0, "labelled_voxels", to="8000"))),
    "a field of the manifest": ("manifest", _manifest),
    "another track's result": ("track", one(edit("track", to="main"))),
    "name of a shipped track": ("track", _demo),
    "queries of another track": (
        "track",
        lambda folder: rewrite(
            folder, "track.json", edit("settings", 0, "queries", to={"track": "main"})
        ),
    ),
    "the method left out of a setting": ("track", _left_out),
    "another patch size": ("experiments", one(edit("setting", "patch_size", to=[9, 10, 10]))),
    "longer training": ("experiments", one(edit("setting", "training", "epochs", to=1000))),
    "another seed's result": ("experiments", one(edit("seed", to=2))),
    "a loop is missing": ("loops", one(edit("loops", to=lambda loops: loops[:-1]))),
    "loops numbered twice": ("loops", one(edit("loops", 2, "loop", to=1))),
    "budget short": ("budgets", patches(1, lambda found: found.pop())),
    "budget long": ("budgets", patches(1, lambda found: found.append(deepcopy(found[0])))),
    "patches of another track": (
        "budgets",
        one(edit("loops", 1, "chosen_in", to={"track": "main", "digest": "0" * 64})),
    ),
    "labelled patches": ("budgets", one(edit("loops", 1, "labelled_patches", to=10))),
    "foreign case": ("patches", patches(1, lambda found: found[0].update(case="phantom_999"))),
    "case of the test set": (
        "patches",
        patches(1, lambda found: found[0].update(case="phantom_000")),
    ),
    "outside": ("patches", patches(1, _moved([900, 0, 0]))),
    "before the image": ("patches", patches(1, _moved([-1, 0, 0]))),
    "overlapping": ("patches", patches(1, _overlapping)),
    "duplicated": ("patches", patches(1, _twin)),
    "fourfold": ("patches", patches(1, _fourfold)),
    "wrong size": ("patches", patches(1, lambda found: found[0].update(size=[20, 20, 20]))),
    "labelled again": ("patches", _again),
    "overlapping, and shapes withheld": ("patches", _without_shapes),
    "edited in the result": (
        "queries",
        one(edit("loops", 1, "patches", "start", 0, 0, to=lambda start: start + 1)),
    ),
    "queries swapped": ("queries", _swapped),
    "query of another seed": (
        "queries",
        lambda folder: rewrite(folder, QUERY.format(1), edit("seed", to=2)),
    ),
    "isolation of a query": (
        "queries",
        lambda folder: rewrite(folder, QUERY.format(1), edit("isolation", to="landlock")),
    ),
    "voxels times ten": ("labelled voxels", one(edit("loops", 2, "labelled_voxels", to=240_000))),
    "more foreground than the pool": (
        "annotation",
        one(more_than_the_pool),
    ),
    "less foreground than before": (
        "annotation",
        one(edit("loops", 2, "labelled_foreground", 0, to=1)),
    ),
    "another checksum": ("dataset", one(edit("dataset", "checksum", to="0" * 64))),
    "another class": ("dataset", one(edit("dataset", "classes", 2, to="tumour"))),
    "test cases left out": (
        "dataset",
        one(edit("dataset", "test_cases", to=lambda names: names[1:])),
    ),
    "10^12 false positives": (
        "counts",
        one(edit("loops", 2, "counts", "false_positives", 0, 0, to=10**12)),
    ),
    "more voxels than any image": (
        "counts",
        one(edit("loops", 2, "counts", "false_positives", 0, 0, to=2**32)),
    ),
    "a negative count": ("counts", one(edit("loops", 2, "counts", "true_positives", 0, 0, to=-1))),
    "a test case without counts": (
        "counts",
        one(edit("loops", 2, "counts", "true_positives", 0, to=lambda row: row[1:])),
    ),
    "better in one case": (
        "reference voxels",
        one(edit("loops", 2, "counts", "true_positives", 0, 0, to=lambda n: n + 100)),
    ),
    "another reference": ("reference voxels", one(_reference)),
    "a surface without voxels": (
        "surfaces",
        one(edit("loops", 2, "surfaces", "predicted", 0, 0, to=0.0)),
    ),
    "all of a surface is near": (
        "surfaces",
        one(edit("loops", 2, "surfaces", "reference_near", 0, 0, 0, to=1e9)),
    ),
    "a distance beyond the image": (
        "surfaces",
        one(edit("loops", 2, "surfaces", "hausdorff95", 0, 0, to=1e4)),
    ),
    "a class without distances": (
        "surfaces",
        one(edit("loops", 2, "surfaces", "hausdorff95", to=lambda rows: rows[1:])),
    ),
    "surer than sure": (
        "calibration",
        one(edit("loops", 2, "calibration", "everywhere", "confidence", -1, to=2e9)),
    ),
    "more right voxels than the counts have": (
        "calibration",
        one(edit("loops", 2, "calibration", "foreground", "correct", -1, to=lambda n: n - 1)),
    ),
    "forged full-data Dice": ("full-data Dice", every(edit("dataset", "full_data_dice", to=0.5))),
    "another start": ("shared start", patches(0, lambda found: found.reverse())),
    "no cost of the query": (
        "costs",
        one(edit("loops", 1, "costs", to=lambda c: {"query": c["query"]})),
    ),
    "foreground beside the patches": (
        "labelled voxels",
        every(_foreground),
    ),
    "a cost of 30,000 years": (
        "costs",
        one(edit("loops", 1, "costs", "query", "seconds", to=1e12)),
    ),
    "finished before it started": ("times", one(edit("finished", to="2026-02-01T12:00:00Z"))),
    "finished after it was bundled": ("times", one(edit("finished", to="2027-02-01T12:00:00Z"))),
    "bundled in the future": ("times", _bundle(made="2199-01-01T00:00:00Z")),
    "submission run as trusted": ("isolation", one(edit("loops", 1, "isolation", to="trusted"))),
    "no hash of the code": ("provenance", one(edit("environment", "code", to="unknown"))),
    "two versions of nnU-Net": (
        "provenance",
        one(edit("environment", "packages", "nnunetv2", to="2.5.0")),
    ),
}
"""Corruptions of a submission's bundle that are found without any data."""


def _other_pool(result: Any) -> None:
    """Another image; what labelling the whole pool takes is left out, since it would tell."""
    result["dataset"]["pool_shapes"]["phantom_002"] = [99, 99, 99]
    result["dataset"]["pool_effort"] = None


WITH_DATA: dict[str, tuple[str, Corrupt]] = {
    "another dataset everywhere": (
        "prepared dataset",
        every(edit("dataset", "checksum", to="0" * 64)),
    ),
    "another split everywhere": (
        "prepared dataset",
        every(edit("dataset", "split_kind", to="own")),
    ),
    "another pool everywhere": (
        "prepared dataset",
        every(_other_pool),
    ),
    "another reference everywhere": ("test labels", every(_reference)),
    "more false positives than the image": (
        "test labels",
        every(_false_positives),
    ),
    "a start of one's own everywhere": ("start again", _own_start),
    "foreground a bit higher": (
        "labels of the pool",
        one(edit("loops", 2, "labelled_foreground", 0, to=lambda n: n + 1)),
    ),
    "boundary a bit lower": (
        "labels of the pool",
        one(edit("loops", 2, "labelled_boundary", 0, to=lambda n: n - 1)),
    ),
    "a component more": (
        "labels of the pool",
        one(edit("loops", 2, "effort", "components", 0, to=lambda n: n + 1)),
    ),
    "another pool's effort everywhere": (
        "prepared dataset",
        every(edit("dataset", "pool_effort", "components", 0, to=lambda n: n + 1)),
    ),
}
"""Those that need the prepared dataset."""

WITH_BASELINES: dict[str, tuple[str, Corrupt]] = {
    "other data than the baselines": (
        "baselines' data",
        every(edit("dataset", "checksum", to="0" * 64)),
    ),
    "another reference than the baselines": ("baselines' data", every(_reference)),
    "another start than the baselines": ("baselines' starts", _own_start),
}
"""Those that need the baselines' results."""
