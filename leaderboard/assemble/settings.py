"""A block: one setting of a measured league with its rows and what their figures need."""

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
from scipy.stats import t as student

from leaderboard.assemble.cells import Cell, Cells, measured_cell, over_seeds
from leaderboard.assemble.families import but_length
from leaderboard.assemble.grouping import SettingResults
from leaderboard.assemble.references import make_reference
from leaderboard.assemble.scores import Measured
from leaderboard.assemble.table import Table
from leaderboard.formatting import NAME_LENGTH, plain
from leaderboard.model import Block, BlockRow, ClassFigure, CurvePoint, EfficiencyFit, Row, Value
from nnactive.errors import UserError
from nnactive.settings import Setting

PERCENT = 100
FEWEST_BANDED = 3
"""Seeds from which on a curve has a band."""


def make_cells(setting: SettingResults, key: str, entrants: Mapping[str, str]) -> Cells:
    """Cells of all methods of a setting; ``entrants`` are their keys by identity."""
    reference = make_reference(setting.results, setting.seeds)
    return Cells(
        name=plain(setting.key.setting, NAME_LENGTH),
        key=key,
        cells={
            entrants[method]: measured_cell(results, setting.seeds, reference)
            for method, results in setting.methods.items()
        },
    )


def make_block(setting: SettingResults, cells: Cells, table: Table) -> Block:
    """The block of a setting from its results, their cells and their rows."""
    about, dataset = setting.results[0].setting, setting.results[0].dataset
    full = make_reference(setting.results, setting.seeds).full
    classes = [plain(name, NAME_LENGTH) for name in dataset.classes]
    return Block(
        key=cells.key,
        name=cells.name,
        dataset=plain(about.dataset, NAME_LENGTH),
        regime=plain(about.regime, NAME_LENGTH),
        patch=sizes(about.patch_size),
        epochs=about.training.epochs,
        about=_about(setting),
        seeds=setting.seeds,
        full_data=Value(reason=full) if isinstance(full, str) else Value(PERCENT * full),
        rows=tuple(_row(row, cells.cells[row.entrant], full, classes) for row in table.rows),
        differs=setting.differs,
        but_length=but_length(setting.key.checksum, about),
        patch_role=patch_role(about.dataset, about.patch_size),
        ranked_by=table.ranked_by,
        stamp=table.stamp,
        caution=table.caution,
    )


def sizes(patch: Sequence[int]) -> str:
    """``4 x 40 x 40``, with multiplication signs."""
    return " \N{MULTIPLICATION SIGN} ".join(str(size) for size in patch)


def patch_role(dataset: str, patch: Sequence[int]) -> str:
    """Whether a patch is the one or the half one of the dataset's card; else its sizes."""
    return _roles(dataset).get(tuple(patch), sizes(patch))


@cache
def _roles(dataset: str) -> dict[tuple[int, ...], str]:
    from nnactive.data.cards import load_card

    try:
        card = load_card(dataset)
    except UserError:
        return {}
    roles: dict[tuple[int, ...], str] = {card.query_patch: "query patch"}
    return {card.half_patch: "half patch", **roles} if card.half_patch else roles


def _about(setting: SettingResults) -> tuple[str, ...]:
    about, dataset = setting.results[0].setting, setting.results[0].dataset
    split = plain(dataset.split_kind, NAME_LENGTH)
    cases = (
        f"{dataset.pool_cases} cases in the pool, {len(dataset.test_cases)} in the test set "
        f"(split: {split})"
    )
    query = (
        f"query patch {sizes(about.patch_size)} voxels, stride {sizes(about.stride)}, "
        f"{about.candidates} candidates an image"
    )
    checksum = plain(setting.key.checksum)[:12]
    return (
        cases,
        f"{len(dataset.classes)} foreground class{'es' if len(dataset.classes) > 1 else ''}",
        _budget(about),
        query,
        _training(about),
        f"nnU-Net {plain(setting.key.nnunet, NAME_LENGTH)}, data {checksum}",
    )


def _budget(about: Setting) -> str:
    queried = about.loops - 1
    later = (
        f", then {queried} \N{MULTIPLICATION SIGN} {about.query_size} queried" if queried else ""
    )
    return f"{about.starting_budget} patches to start with{later}"


def _training(about: Setting) -> str:
    training = about.training
    text = (
        f"{training.folds} folds of {training.epochs} epochs \N{MULTIPLICATION SIGN} "
        f"{training.iterations} iterations"
    )
    text += f", {training.base_features} base features" if training.base_features else ""
    text += f", batch size {training.batch_size}" if training.batch_size else ""
    return text if training.mirror else f"{text}, no mirroring"


def _row(row: Row, cell: Cell, full: float | str, classes: Sequence[str]) -> BlockRow:
    scores = cell.scores if isinstance(cell.scores, Measured) else None
    return BlockRow(
        **vars(row),
        curve=() if scores is None else _curve(scores),
        fit=_fit(cell, full),
        classes=() if scores is None else _classes(cell, classes),
    )


def _curve(scores: Measured) -> tuple[CurvePoint, ...]:
    """Means over seeds with Student's 95 % interval, by loop.

    Two seeds have none: it would be 12.7 standard errors to either side, and say nothing.
    """
    seeds = len(scores.seeds)
    centre = scores.dice.mean(axis=0)
    half = np.zeros_like(centre)
    if banded := seeds >= FEWEST_BANDED:
        half = student.ppf(0.975, seeds - 1) * scores.dice.std(axis=0, ddof=1) / np.sqrt(seeds)
    lows, highs = (np.clip(edge, 0, 1) for edge in (centre - half, centre + half))
    shares = np.nan_to_num(scores.foreground.mean(axis=0))
    return tuple(
        CurvePoint(
            patches=scores.budgets[loop],
            foreground=PERCENT * float(shares[loop]),
            dice=PERCENT * float(centre[loop]),
            low=PERCENT * float(lows[loop]) if banded else None,
            high=PERCENT * float(highs[loop]) if banded else None,
        )
        for loop in range(len(centre))
    )


def _fit(cell: Cell, full: float | str) -> EfficiencyFit | None:
    found = cell.efficiency
    if found is None or isinstance(full, str) or not isinstance(cell.scores, Measured):
        return None
    points = zip(cell.scores.foreground.ravel(), cell.scores.dice.ravel(), strict=True)
    return EfficiencyFit(
        gamma=found.fit.gamma,
        standard_error=found.fit.standard_error,
        t0=found.t0,
        y0=found.y0,
        y_full=full,
        points=tuple((float(share), float(dice)) for share, dice in points),
    )


def _classes(cell: Cell, names: Sequence[str]) -> tuple[ClassFigure, ...]:
    dice = np.array([experiment.class_dice for experiment in cell.experiments]).T
    shares = np.array([experiment.class_share for experiment in cell.experiments]).T
    return tuple(_class(*each) for each in zip(names, dice, shares, strict=True))


def _class(name: str, dice: np.ndarray, shares: np.ndarray) -> ClassFigure:
    seen = over_seeds((PERCENT * dice[~np.isnan(dice)]).tolist())
    return ClassFigure(
        name=name,
        dice=seen.mean,
        dice_std=seen.spread,
        labelled=PERCENT * float(np.nan_to_num(shares).mean()),
    )
