"""A run with two loops of queries, the first one trained and evaluated."""

from pathlib import Path

import pytest
from replayed import Run, make_run
from support import Loop

from benchmark import layout
from benchmark.show.subject import Subject, find_subject
from benchmark.submission.spec import describe, freeze
from nnactive.data.prepared import PreparedDataset
from nnactive.geometry import Patch
from nnactive.io.queries import Query, record, save_query
from nnactive.settings import Setting
from nnactive.steps.evaluate import evaluate

METHODS = ("bald", "random")


def save(run: Run, method: str, loop: int, patches: list[Patch]) -> None:
    experiment = run.experiment(method)
    file = run.root / layout.query_file(experiment, loop)
    file.parent.mkdir(parents=True, exist_ok=True)
    save_query(
        file,
        Query(
            dataset="phantom",
            setting=run.setting.name,
            method=method,
            seed=experiment.seed,
            loop=loop,
            patches=record(patches),
        ),
    )


@pytest.fixture(scope="session")
def shown(
    phantom: Path, setting: Setting, loop0: Loop, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    run = make_run(tmp_path_factory.mktemp("shown"), phantom, setting, loop0)
    cases = [case.id for case in PreparedDataset(phantom).info.pool]
    for method in METHODS:
        freeze(run.root, describe(method), None)
        save(run, method, 1, [Patch(case, (2, 4, 6), setting.patch_size) for case in cases[:4]])
        save(run, method, 2, [Patch(cases[0], (n, 9, 9), setting.patch_size) for n in (0, 6)])
    out = run.root / layout.evaluation_file(run.experiment("bald"), 0)
    evaluate(phantom, setting, loop0.train, loop0.members, out, "cpu")
    return run


@pytest.fixture
def subject(shown: Run) -> Subject:
    return find_subject(str(shown.folder("bald")), shown.data, shown.root.parent)
