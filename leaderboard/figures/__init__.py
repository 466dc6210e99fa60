"""Figures as static SVG."""

from leaderboard.figures.learning_curves import Line, learning_curves
from leaderboard.figures.styles import LineStyle, style_of

__all__ = ["Line", "LineStyle", "learning_curves", "style_of"]
