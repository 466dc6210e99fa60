"""Rankings that a reader chooses: by another metric, or by some of a dataset's classes."""

from leaderboard.assemble.views.chosen import chosen_views

__all__ = ["chosen_views"]
