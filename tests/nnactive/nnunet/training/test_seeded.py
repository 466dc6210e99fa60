"""Seeded trainings of the tiny setting on the CPU: equal to the last bit, interrupted or not."""

import os
import random
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from support import SEED, Loop

from nnactive.errors import Stopped
from nnactive.nnunet.predict.members import load_member
from nnactive.nnunet.trainer import PartialLabelTrainer
from nnactive.nnunet.training.member import train_member
from nnactive.settings import Setting, Training
from nnactive.steps.annotate import annotate, annotate_all, labelled_file, training_seed
from nnactive.steps.train import train_fold

pytestmark = pytest.mark.slow

NUMBER = 2**63 + 12345


def weights(train: Path, out: Path, seed: int | None = NUMBER) -> dict[str, torch.Tensor]:
    train_member(train, 0, out, "cpu", seed=seed)
    return load_member(out).weights


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one | other)


@pytest.fixture
def seeded(setting: Setting) -> Setting:
    """The tiny setting, seeded."""
    training = setting.training.model_copy(update={"seeded": True})
    return setting.model_copy(update={"training": training})


def test_two_trainings_are_equal_whatever_came_before(loop0: Loop, tmp_path: Path) -> None:
    first = weights(loop0.train, tmp_path / "first.pth")
    random.seed(99)
    np.random.seed(99)  # noqa: NPY002
    torch.manual_seed(99)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert same(first, weights(loop0.train, tmp_path / "second.pth"))
        assert torch.get_num_threads() == 2, "the process's own number is left"
    finally:
        torch.set_num_threads(before)
    assert not same(first, weights(loop0.train, tmp_path / "other.pth", NUMBER + 1))
    assert not same(first, weights(loop0.train, tmp_path / "chance.pth", None))


@pytest.mark.parametrize("after", [2, 3, 5], ids="after{}".format)
def test_an_interrupted_training_gives_what_a_straight_one_does(
    loop0: Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """In the middle of an epoch and between two; of 6 iterations."""
    straight = weights(loop0.train, tmp_path / "straight.pth")
    step, left = PartialLabelTrainer.train_step, [after]

    def counted(self, batch):
        loss = step(self, batch)
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGTERM)
        return loss

    monkeypatch.setattr(PartialLabelTrainer, "train_step", counted)
    with pytest.raises(Stopped):
        train_member(loop0.train, 0, tmp_path / "stopped.pth", "cpu", seed=NUMBER)
    random.seed(99)
    np.random.seed(99)  # noqa: NPY002
    torch.manual_seed(99)
    assert same(straight, weights(loop0.train, tmp_path / "stopped.pth"))


def test_a_checkpoint_of_another_seed_is_not_continued_from(
    loop0: Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = weights(loop0.train, tmp_path / "straight.pth", NUMBER + 1)
    monkeypatch.setattr(
        PartialLabelTrainer,
        "on_train_epoch_end",
        lambda self, outputs: os.kill(os.getpid(), signal.SIGTERM),
    )
    with pytest.raises(Stopped):
        train_member(loop0.train, 0, tmp_path / "other.pth", "cpu", seed=NUMBER)
    monkeypatch.undo()
    assert same(expected, weights(loop0.train, tmp_path / "other.pth", NUMBER + 1))


def test_the_step_draws_from_setting_patches_seed_loop_and_fold(
    phantom: Path, seeded: Setting, setting: Setting, loop0: Loop, tmp_path: Path
) -> None:
    def drawn(name: str, chosen: Setting, seed: int) -> list[int | None]:
        train = tmp_path / name
        annotate(phantom, chosen, seed, [loop0.query], None, train)
        return [training_seed(train, fold) for fold in range(2)]

    known = drawn("first", seeded, SEED)
    assert drawn("again", seeded, SEED) == known
    assert len({*known, *drawn("seed", seeded, SEED + 1)}) == 4
    renamed = seeded.model_copy(update={"name": "other"})
    assert len({*known, *drawn("setting", renamed, SEED)}) == 4
    whole = tmp_path / "whole"
    annotate_all(phantom, seeded, SEED, whole)
    assert training_seed(whole, 0) not in known
    assert drawn("chance", setting, SEED) == [None, None]


def test_the_step_gives_equal_members(
    phantom: Path, seeded: Setting, loop0: Loop, tmp_path: Path
) -> None:
    members = []
    for name in ("one", "two"):
        train = tmp_path / name / "train"
        annotate(phantom, seeded, SEED, [loop0.query], None, train)
        train_fold(train, 1, tmp_path / name / "fold_1.pth", "cpu")
        members.append(load_member(tmp_path / name / "fold_1.pth").weights)
    assert same(*members)
    assert labelled_file(tmp_path / "one" / "train").read_text().count("training_seed") == 1


def test_an_unseeded_training_is_written_as_before() -> None:
    assert "seeded" not in Training().model_dump_json()
    assert Training.model_validate_json(Training().model_dump_json()) == Training()
    assert '"seeded":true' in Training(seeded=True).model_dump_json()
    assert Training(seeded=True) != Training()
