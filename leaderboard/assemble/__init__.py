"""From results and published figures to ``model.Board``."""

from leaderboard.assemble.board import make_board

__all__ = ["make_board"]
