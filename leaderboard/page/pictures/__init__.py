"""The figures of a ranking and of its settings, with captions that say what they leave out."""

from leaderboard.page.pictures.costs import costs_missing
from leaderboard.page.pictures.labels import Label, labels_of
from leaderboard.page.pictures.league import league_pictures
from leaderboard.page.pictures.looks import looks
from leaderboard.page.pictures.picture import Picture
from leaderboard.page.pictures.setting import setting_pictures

__all__ = [
    "Label",
    "Picture",
    "costs_missing",
    "labels_of",
    "league_pictures",
    "looks",
    "setting_pictures",
]
