"""The figures of a setting: learning curves, FG-Eff fits, classes."""

from collections.abc import Iterator, Mapping
from typing import Literal

from leaderboard.figures.classes import Classes, class_figures
from leaderboard.figures.curves import FEW, Curve, learning_curves
from leaderboard.figures.fits import Fit, efficiency_fits
from leaderboard.figures.styles import MOST
from leaderboard.model import SettingTable
from leaderboard.page.pictures.labels import Label
from leaderboard.page.pictures.picture import Picture, shown_of

AGAINST: tuple[tuple[Literal["patches", "foreground"], str], ...] = (
    ("patches", "the number of labelled patches"),
    ("foreground", "the labelled fraction of the pool's foreground"),
)


def setting_pictures(setting: SettingTable, labels: Mapping[str, Label]) -> Iterator[Picture]:
    """Curves, fits and classes of a setting, where it has them; of the first methods by rank."""
    yield from _curves(setting, labels)
    rows = [(labels[row.entrant], row) for row in setting.rows]
    fits = [Fit(label.name, label.style, row.fit) for label, row in rows if row.fit]
    if fits:
        caption = (
            "Foreground efficiency: the fit of each method (line) to its Mean Dice, one dot per "
            f"seed and loop.{shown_of(len(fits), 'by rank')}"
        )
        svg = efficiency_fits(fits[:MOST], _said(caption, setting))
        yield Picture("fits", f"{setting.key}-fits", caption, svg)
    classes = [Classes(label.name, label.style, row.classes) for label, row in rows if row.classes]
    if classes:
        caption = (
            "Per-class Dice and labelled fraction of each class's voxels after the final loop, "
            f"means over seeds.{shown_of(len(classes), 'by rank')}"
        )
        svg = class_figures(classes[:MOST], _said(caption, setting))
        yield Picture("classes", f"{setting.key}-classes", caption, svg)


def curves_of(setting: SettingTable, labels: Mapping[str, Label]) -> list[Curve]:
    """Of all methods that have one, by rank."""
    rows = [(labels[row.entrant], row.curve) for row in setting.rows if row.curve]
    return [Curve(label.name, label.style, curve) for label, curve in rows]


def _bands(curves: list[Curve]) -> str:
    """What the bands are, or why there are none."""
    if not any(point.low is not None for curve in curves for point in curve.points):
        return "No bands: they need at least three seeds."
    if len(curves) > FEW:
        return f"No bands for more than {FEW} methods."
    return "Bands: 95 % confidence intervals (Student's t), clipped at the edge of the plot."


def _curves(setting: SettingTable, labels: Mapping[str, Label]) -> Iterator[Picture]:
    curves = curves_of(setting, labels)
    if not curves:
        return
    shown = curves[:MOST]
    for kind, words in AGAINST:
        caption = (
            f"Learning curves: Mean Dice over seeds against {words}. {_bands(shown)}"
            f"{shown_of(len(curves), 'by rank')}"
        )
        svg = learning_curves(shown, kind, setting.full_data.mean, _said(caption, setting))
        yield Picture(kind, f"{setting.key}-{kind}", caption, svg)


def _said(caption: str, setting: SettingTable) -> str:
    return f"{setting.name}. {caption}"
