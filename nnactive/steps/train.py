"""Step: train one ensemble member."""

from pathlib import Path

from nnactive.devices import pick_device


def train_fold(train: Path, fold: int, out: Path, device: str) -> None:
    """Train fold ``fold`` on the training folder ``train`` and write the member to ``out``."""
    from nnactive.nnunet.predict.members import train_member

    train_member(train, fold, out, pick_device(device))
