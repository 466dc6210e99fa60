"""Figures: small static SVG, and for most of them an interactive chart of the same data."""

from leaderboard.figures.styles import Style, style_of

__all__ = ["Style", "style_of"]
