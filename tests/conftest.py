"""A real, small run shared by the tests that need one: the phantom, loop 0 and its ensemble."""

from pathlib import Path

import pytest
from support import SEED, Loop

from nnactive.settings import Inference, Setting, Training

TESTS = Path(__file__).parent
LONG = (
    "e2e/test_annotation_hippocampus.py",
    "e2e/test_tutorial.py",
    "e2e/test_page_first_screen.py",
    "examples/test_literature.py",
    "nnactive/data/test_spoilt.py",
    "e2e/test_annotate_page.py",
    "benchmark/workflow/test_workflow.py",
    "e2e/test_track.py",
    "e2e/test_reproduce.py",
    "leaderboard/test_synthetic.py",
    "benchmark/workflow/test_bad_luck.py",
    "benchmark/cluster/test_outer.py",
    "e2e/test_datasets.py",
    "e2e/test_page_compare.py",
)
"""Files that take longest: begun last, the other processes would wait for them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest."""
    places = {TESTS / name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.path, len(LONG)))


@pytest.fixture(scope="session")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The phantom dataset, prepared."""
    from nnactive.data.cards import load_card
    from nnactive.data.prepare.prepare import prepare

    folder = tmp_path_factory.mktemp("data") / "phantom"
    prepare(load_card("phantom"), None, folder, workers=1, progress=lambda *_: None)
    return folder


@pytest.fixture(scope="session")
def setting() -> Setting:
    """Six iterations of a tiny network: enough to run every step, too few to segment anything."""
    return Setting(
        name="tiny",
        dataset="phantom",
        regime="low",
        patch_size=(6, 6, 6),
        stride=(3, 3, 3),
        candidates=5,
        starting_budget=10,
        query_size=6,
        loops=3,
        training=Training(folds=2, epochs=2, iterations=3, base_features=4, batch_size=2),
        inference=Inference(test_mirror=False, test_tile_step=1.0, query_tile_step=1.0),
    )


@pytest.fixture(scope="session")
def loop0(phantom: Path, setting: Setting, tmp_path_factory: pytest.TempPathFactory) -> Loop:
    """Loop 0 of the tiny setting, with two members that were really trained."""
    from nnactive.steps.annotate import annotate
    from nnactive.steps.start import start
    from nnactive.steps.train import forget, train_fold

    folder = tmp_path_factory.mktemp("loop0")
    query, train = folder / "loop_000.json", folder / "loop_000" / "train"
    start(phantom, setting, SEED, query)
    annotate(phantom, setting, SEED, [query], None, train)
    members = [train.parent / f"fold_{fold}.pth" for fold in range(2)]
    for fold, member in enumerate(members):
        train_fold(train, fold, member, "cpu")
        forget(member)
    return Loop(query, train, members)
