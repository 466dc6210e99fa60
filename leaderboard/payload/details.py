"""What only a method's card or a comparison needs, by the method's key; loaded on demand."""

from collections.abc import Mapping
from typing import Any

from leaderboard.formatting import rounded
from leaderboard.model import Board, MethodInSetting
from leaderboard.model.details import DECIMALS

Json = dict[str, Any]


def details_json(board: Board) -> dict[str, list[Json]]:
    """By the method's key: one object a setting, with those fields of its that aren't empty."""
    return {
        key: [_in_setting(each) for each in settings]
        for league in board.leagues
        for key, settings in league.details.items()
    }


def _in_setting(each: MethodInSetting) -> Json:
    return {
        name: _rounded(value) for name, value in vars(each).items() if value and name != "first"
    }


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        kept = rounded(value, DECIMALS)
        return int(kept) if kept.is_integer() else kept
    if isinstance(value, tuple):
        return [_rounded(item) for item in value]
    if isinstance(value, Mapping):
        return {name: _rounded(item) for name, item in value.items()}
    return value
