"""Step: train one ensemble member."""

from pathlib import Path

from nnactive.devices import pick_device
from nnactive.steps.annotate import labelled_file, labelled_set, training_seed


def train_fold(train: Path, fold: int, out: Path, device: str) -> None:
    """Train fold ``fold`` on the training folder ``train`` and write the member to ``out``.

    Call `forget` once the member has its final name.
    """
    from nnactive.nnunet.training.member import train_member

    name = labelled_set(train) if labelled_file(train).is_file() else None
    drawn = training_seed(train, fold)
    train_member(train, fold, out, pick_device(device), name=name or "", seed=drawn)


def forget(out: Path) -> None:
    """Remove what a training keeps to continue from, now that its member ``out`` is in place."""
    from nnactive.nnunet.training.member import forget_training

    forget_training(out)
