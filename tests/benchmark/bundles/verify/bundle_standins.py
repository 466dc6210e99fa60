"""STAND-INS for bundles: real patches and labels of the phantom, but nothing was trained.

The counts on the test set are made up by a formula, and so are costs and machines.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from quality_standins import made_up_calibration, made_up_surfaces

from benchmark.bundles import places
from benchmark.bundles.record import BundledFile, BundleRecord
from benchmark.results import (
    Counts,
    DatasetRecord,
    Environment,
    ExperimentResult,
    LoopResult,
    MethodRecord,
    patch_columns,
)
from benchmark.submission.files.find import find
from benchmark.submission.files.frozen import keep, stage
from benchmark.submission.spec import MethodSpec, describe
from benchmark.tracks import Track
from nnactive import PROTOCOL_VERSION
from nnactive.data.prepared import PreparedDataset
from nnactive.effort import total
from nnactive.geometry import Patch
from nnactive.io.costs import Cost
from nnactive.io.models import file_text
from nnactive.io.queries import START, Query, record
from nnactive.labels import count_boundary, count_labelled, count_work
from nnactive.methods import BUILTIN
from nnactive.methods.run_method import run_method
from nnactive.pool.info import PoolInfo
from nnactive.pool.sources import Sources
from nnactive.pool.view import PoolView
from nnactive.settings import Setting, Training
from nnactive.steps.network import no_predictor
from nnactive.steps.starting_budget import starting_budget

SEEDS = (1, 2)
LOOPS = 3
BUDGET = 8
CODE = '''"""A method for tests."""

from nnactive.methods import BUILTIN


class Turns(BUILTIN["random"]):
    """Takes turns."""
'''
MANIFEST = "name: Turns\nauthors: [A. Tester]\nlicence: CC0-1.0\n"


def settings() -> tuple[Setting, ...]:
    """Two that differ in their training alone, so they share their starts."""
    return tuple(
        Setting(
            name=name,
            dataset="phantom",
            regime="low",
            patch_size=(10, 10, 10),
            starting_budget=BUDGET,
            query_size=BUDGET,
            loops=LOOPS,
            training=Training(folds=2, epochs=epochs, iterations=15),
        )
        for name, epochs in (("phantom_low", 10), ("phantom_long", 20))
    )


def track(name: str = "pair_of_phantoms") -> Track:
    return Track(
        name=name,
        title="Two",
        description="For tests.",
        comparable=False,
        settings=settings(),
        methods=("random",),
        seeds=SEEDS,
    )


@dataclass
class Made:
    """A bundle's content, to be changed before it is written."""

    track: Track
    spec: MethodSpec
    results: dict[tuple[str, int], ExperimentResult]
    queries: dict[tuple[str, int, int], Query]
    code: Path | None = None


def submitted(folder: Path, phantom: Path) -> Made:
    """What a bundle of a submission holds."""
    source = folder / "turns.py"
    source.write_text(CODE)
    spec = describe(f"{source}:Turns")
    copy = stage(find(source))
    keep(copy, folder / "code", {})
    return made(spec, phantom, folder / "code")


def built_in(name: str, phantom: Path) -> Made:
    """What a bundle of a built-in method holds."""
    return made(describe(name), phantom)


def made(spec: MethodSpec, phantom: Path, code: Path | None = None) -> Made:
    """All experiments of the track by a method that needs no predictions."""
    dataset = PreparedDataset(phantom)
    content = Made(track(), spec, {}, {}, code)
    for setting in settings():
        for seed in SEEDS:
            result = _result(dataset, setting, spec, seed)
            content.results[setting.name, seed] = result
    for (setting, seed), result in content.results.items():
        for loop in result.loops:
            rows = [*zip(*loop.patches.start, strict=True)], [*zip(*loop.patches.size, strict=True)]
            patches = [Patch(*row) for row in zip(loop.patches.case, *rows, strict=True)]
            content.queries[setting, seed, loop.loop] = Query(
                dataset="phantom",
                setting=setting,
                method=spec.record.id if loop.loop else START,
                seed=seed,
                loop=loop.loop,
                patches=record(patches),
                isolation=loop.isolation,
            )
    return content


def write(content: Made, folder: Path) -> Path:
    """The bundle's files, as they lie on disk."""
    texts: dict[Path, str] = {
        places.MANIFEST: MANIFEST,
        places.TRACK: file_text(content.track),
        places.SPEC: file_text(content.spec),
    }
    for key, result in content.results.items():
        texts[places.result_file(*key)] = file_text(result, indent=None)
    for key, query in content.queries.items():
        texts[places.query_file(*key)] = file_text(query)
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if content.code is not None:
        shutil.copytree(content.code, folder / places.CODE)
        for path in (folder / places.CODE).rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
    seal(folder, content.spec.record)
    return folder


def seal(folder: Path, method: MethodRecord | None = None, **changes: Any) -> None:
    """Write ``bundle.json`` for the files that are there, as a forger would, too."""
    there = folder / places.RECORD
    old = json.loads(there.read_text()) if there.is_file() else {}
    there.unlink(missing_ok=True)
    files = {
        path.relative_to(folder).as_posix(): BundledFile(
            size=path.stat().st_size, sha256=hashlib.sha256(path.read_bytes()).hexdigest()
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }
    fields: dict[str, Any] = {
        "protocol_version": PROTOCOL_VERSION,
        "track": "pair_of_phantoms",
        "comparable": False,
        "method": method,
        "made": "2026-03-02T10:00:00Z",
        "command": "nnactive-bench bundle turns.py:Turns",
        "code": "ab" * 32,
        "commit": "0123abc",
    }
    fields |= {key: value for key, value in old.items() if key in fields}
    fields |= changes if method is None else {**changes, "method": method}
    there.write_text(file_text(BundleRecord(**fields, files=files)), encoding="utf-8")


def rewrite(folder: Path, name: str | Path, change: Callable[[Any], None]) -> None:
    """Change a JSON file of a bundle and seal it anew."""
    path = folder / name
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")
    seal(folder)


def _result(
    dataset: PreparedDataset, setting: Setting, spec: MethodSpec, seed: int
) -> ExperimentResult:
    info = dataset.info
    shapes = {case.id: case.shape for case in info.pool}
    chosen = [starting_budget(dataset, setting.patch_size, setting.starting_budget, seed)]
    for loop in range(1, setting.loops):
        chosen.append(_query(dataset, setting, spec.record, seed, loop, chosen))
    return ExperimentResult(
        status="complete",
        track=track().name,
        comparable=False,
        setting=setting,
        method=spec.record,
        seed=seed,
        dataset=DatasetRecord(
            name="phantom",
            checksum=info.checksum,
            split_kind=info.split_kind,
            classes=info.classes[1:],
            pool_cases=len(info.pool),
            pool_foreground=info.pool_voxels[1:],
            pool_boundary=info.pool_boundary,
            pool_effort=info.pool_effort,
            slice_axis=info.slice_axis,
            test_cases=tuple(case.id for case in info.test),
            pool_shapes=shapes,
        ),
        loops=tuple(
            _loop(dataset, setting, spec.record, chosen[: number + 1]) for number in range(LOOPS)
        ),
        environment=Environment(
            python="3.11.2",
            packages={"nnunetv2": "2.8.1"},
            commit="0123abc",
            cpu="Some CPU",
            cores=8,
            accelerator=None,
            code="ab" * 32,
        ),
        command="nnactive-bench submit turns.py:Turns",
        started="2026-03-01T10:00:00Z",
        finished="2026-03-01T12:00:00Z",
    )


def _query(
    dataset: PreparedDataset,
    setting: Setting,
    method: MethodRecord,
    seed: int,
    loop: int,
    before: Iterable[list[Patch]],
) -> list[Patch]:
    """What the query step would store: for a submission, of a method that does as `random`."""
    name = method.id if method.origin == "builtin" else "random"
    chooser = BUILTIN[name]()
    info = PoolInfo(
        shapes={case.id: case.shape for case in dataset.info.pool},
        spacing=dataset.info.spacing,
        patch_size=setting.patch_size,
        stride=setting.stride,
        candidates=setting.candidates,
        loop=loop,
        queries=setting.loops - 1,
        n_classes=len(dataset.info.classes),
        labelled=tuple(patch for patches in before for patch in patches),
    )
    sources = Sources(
        images=dataset.image,
        partial_labels=dataset.pool_label,
        predictor=no_predictor,
        needs=frozenset(),
        names=(setting.name, method.id, seed, loop),
        oracle_labels=dataset.pool_label if chooser.oracle else None,
    )
    return run_method(chooser, PoolView(info, sources), setting.query_size)


def _loop(
    dataset: PreparedDataset, setting: Setting, method: MethodRecord, chosen: list[list[Patch]]
) -> LoopResult:
    loop, classes = len(chosen) - 1, len(dataset.info.classes)
    patches = [patch for each in chosen for patch in each]
    inside = np.zeros(classes, dtype=int)
    edge = np.zeros(classes - 1, dtype=int)
    work = []
    for patch in patches:
        label = dataset.pool_label(patch.case)
        work.append(count_work(label, [patch], classes, dataset.info.slice_axis))
        inside += count_labelled(label, [patch], classes)
        edge += count_boundary(label, [patch], classes)
    jobs = ["annotate", "evaluate", "query" if loop else "start"]
    jobs += [f"train_fold_{fold}" for fold in range(setting.training.folds)]
    isolation = "bubblewrap" if loop and method.origin == "submission" else "trusted"
    counts = _counts(dataset, loop)
    return LoopResult(
        loop=loop,
        patches=patch_columns(record(chosen[-1])),
        labelled_patches=len(patches),
        labelled_voxels=int(inside.sum()),
        labelled_foreground=tuple(inside[1:].tolist()),
        labelled_boundary=tuple(edge.tolist()),
        effort=total(
            work, classes - 1, sum(len({patch.case for patch in each}) for each in chosen)
        ),
        counts=counts,
        surfaces=made_up_surfaces(counts),
        calibration=made_up_calibration(counts),
        isolation=isolation,
        costs={job: Cost(seconds=10.5, peak_memory_gib=1.5, device="cpu") for job in jobs},
    )


def _counts(dataset: PreparedDataset, loop: int) -> Counts:
    """Half of each reference and a bit more with every loop."""
    classes = len(dataset.info.classes)
    there = np.array(
        [
            np.bincount(dataset.test_label(case.id).ravel(), minlength=classes)[1:]
            for case in dataset.info.test
        ]
    ).T
    hits = there * (5 + loop) // 10
    missed = there - hits
    rows = [tuple(map(tuple, each.tolist())) for each in (hits, missed, missed)]
    return Counts(true_positives=rows[0], false_positives=rows[1], false_negatives=rows[2])
