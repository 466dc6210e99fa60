"""Train a setting on every label of its pool; what a card keeps of it."""

import statistics
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmark.results import Counts, mean_dice
from nnactive.data.card_fields import Reference
from nnactive.io.files import read_model
from nnactive.settings import Setting

if TYPE_CHECKING:
    from benchmark.results import Environment

FOLDER: Final = ".full_data"
"""Folder below the runs; leaderboards pass over names with a dot."""
DIGITS: Final = 6
SOFTWARE: Final = ("nnunetv2", "torch")
"""Packages that decide how a training goes."""


def train_full(
    setting: Setting,
    seed: int,
    data: Path,
    folder: Path,
    note: Callable[[str], None],
    device: str = "auto",
) -> float:
    """Mean Dice of an ensemble that was trained on all labels of the pool, from 0 to 1.

    What is finished isn't repeated; a training that was interrupted goes on.

    Args:
        setting: gives folds, training and inference.
        seed: names folds and trainings.
        data: the prepared dataset.
        folder: gets networks and counts.
        note: called with a line as each step begins.
        device: where to train, as ``pick_device`` takes it.
    """
    from nnactive.steps.annotate import annotate_all
    from nnactive.steps.evaluate import Evaluation, evaluate
    from nnactive.steps.train import forget, train_fold

    train, counted = folder / "train", folder / "evaluation.json"
    folds = range(setting.training.folds)
    members = [folder / f"fold_{fold}.pth" for fold in folds]
    if not counted.exists():
        folder.mkdir(parents=True, exist_ok=True)
        if not train.exists():
            annotate_all(data, setting, seed, train)
        for fold, member in zip(folds, members, strict=True):
            if not member.exists():
                note(f"{setting.name}, seed {seed}: train fold {fold}")
                draft = member.with_name(f".{member.name}")
                train_fold(train, fold, draft, device)
                draft.replace(member)
                forget(member)
        note(f"{setting.name}, seed {seed}: evaluate")
        evaluate(data, setting, train, members, counted, device)
    found = read_model(counted, Evaluation)
    return mean_dice(
        Counts(
            true_positives=found.true_positives,
            false_positives=found.false_positives,
            false_negatives=found.false_negatives,
        )
    )


def reference(
    setting: Setting, found: Mapping[int, float], command: str, where: "Environment"
) -> Reference:
    """What the card of the setting's dataset keeps.

    Args:
        setting: what was trained.
        found: Mean Dice by seed.
        command: the command line.
        where: the machine and its software.
    """
    spread = statistics.stdev(found.values()) if len(found) > 1 else None
    return Reference(
        training=setting.training,
        inference=setting.inference,
        dice=round(statistics.mean(found.values()), DIGITS),
        sd=None if spread is None else round(spread, DIGITS),
        seeds=tuple(found),
        command=command,
        commit=where.commit,
        packages={name: where.packages[name] for name in SOFTWARE},
        machine=where.accelerator or where.cpu,
    )
