from pathlib import Path

import pytest
from support import Loop

from nnactive.errors import UserError
from nnactive.nnunet.predict.members import load_member
from nnactive.steps.train import train_fold


def test_members_of_two_folds_differ_and_are_finite(loop0: Loop) -> None:
    import torch

    first, second = (load_member(path) for path in loop0.members)
    assert first.weights.keys() == second.weights.keys()
    name = "encoder.stages.0.0.convs.0.conv.weight"
    assert first.weights[name].shape[0] == 4
    assert not torch.equal(first.weights[name], second.weights[name])
    assert first.mirror_axes == (0, 1, 2)


def test_only_the_member_is_left(loop0: Loop) -> None:
    folder = loop0.train.parent
    names = {path.name for path in folder.iterdir()}
    # Other tests seal this folder's outputs.
    assert {name for name in names if not name.endswith(".seal.json")} == {
        "fold_0.pth",
        "fold_1.pth",
        "train",
    }


def test_a_fold_that_the_setting_lacks_is_refused(loop0: Loop, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="folds 0 to 1"):
        train_fold(loop0.train, 2, tmp_path / "fold_2.pth", "cpu")


def test_a_folder_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="training folder"):
        train_fold(tmp_path, 0, tmp_path / "fold_0.pth", "cpu")


def test_a_broken_member_is_named(tmp_path: Path) -> None:
    (tmp_path / "fold_0.pth").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(UserError, match=r"fold_0\.pth: not a trained member"):
        load_member(tmp_path / "fold_0.pth")
