"""Studies across rankings, from the leagues of a board."""

from leaderboard.assemble.studies.all_studies import make_studies

__all__ = ["make_studies"]
