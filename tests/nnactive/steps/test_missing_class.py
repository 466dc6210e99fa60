"""A start from images alone may miss classes; every later step goes on without them."""

from pathlib import Path

import numpy as np
import pytest
from support import SEED

from nnactive.data.prepared import PreparedDataset
from nnactive.errors import UserError
from nnactive.geometry import Patch
from nnactive.io.files import read_model
from nnactive.io.queries import START, Query, load_query, record, save_query
from nnactive.methods import BUILTIN
from nnactive.settings import Setting
from nnactive.steps.annotate import Labelled, annotate, labelled_file
from nnactive.steps.evaluate import Evaluation, evaluate
from nnactive.steps.query import QueryInputs, query
from nnactive.steps.train import train_fold

MISSING = 3
"""Label that no patch has."""


def start_without(phantom: Path, setting: Setting, out: Path, method: str) -> Path:
    """A loop 0 of one patch in each of six cases, without a class, of another class in one."""
    dataset = PreparedDataset(phantom)
    patches: list[Patch] = []
    for case in dataset.info.pool:
        label = dataset.pool_label(case.id)
        wanted = {2} if not patches else set()
        corners = np.ndindex(*(n - 6 + 1 for n in label.shape))
        for corner in corners:
            patch = Patch(case.id, (corner[0], corner[1], corner[2]), (6, 6, 6))
            there = set(np.unique(label[patch.slices]).tolist())
            if there == {0, 1} | wanted:
                patches.append(patch)
                break
        if len(patches) == 6:
            break
    assert len(patches) == 6
    made = Query(
        dataset="phantom",
        setting=setting.name,
        method=method,
        seed=SEED,
        loop=0,
        patches=record(patches),
    )
    save_query(out, made)
    return out


def test_the_protocols_own_start_must_have_every_class(phantom, setting, tmp_path) -> None:
    first = start_without(phantom, setting, tmp_path / "loop_000.json", START)
    with pytest.raises(UserError, match=r"labelled in .* cases, folds need 2"):
        annotate(phantom, setting, SEED, [first], None, tmp_path / "train")


@pytest.mark.slow
def test_a_loop_without_a_class_is_trained_queried_and_evaluated(
    phantom, setting, tmp_path
) -> None:
    first = start_without(phantom, setting, tmp_path / "loop_000.json", "blind")
    train = tmp_path / "loop_000" / "train"
    annotate(phantom, setting, SEED, [first], None, train)
    assert read_model(labelled_file(train), Labelled).foreground[MISSING - 1] == 0
    members = tuple(train.parent / f"fold_{fold}.pth" for fold in range(2))
    for fold, member in enumerate(members):
        train_fold(train, fold, member, "cpu")
    evaluate(phantom, setting, train, list(members), tmp_path / "evaluation.json", "cpu")
    found = read_model(tmp_path / "evaluation.json", Evaluation)
    assert sum(found.true_positives[MISSING - 1]) + sum(found.false_negatives[MISSING - 1]) > 0
    second = tmp_path / "loop_001.json"
    method = BUILTIN["clasp_pe"]()
    inputs = QueryInputs(phantom, setting, SEED, 1, method, "m", (first,), train, members)
    query(inputs, second, "cpu")
    assert len(load_query(second).patches) == setting.query_size
    later = tmp_path / "loop_001" / "train"
    annotate(phantom, setting, SEED, [first, second], train, later)
    assert read_model(labelled_file(later), Labelled).patches == 6 + setting.query_size
