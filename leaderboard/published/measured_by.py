"""Which experiments of the benchmark's tracks measure what a row of the papers' tables prints."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from leaderboard.published.rows import PublishedRow

TRACKS: Final[Mapping[tuple[str, str], tuple[str, str]]] = {
    ("main", ""): ("main", ""),
    ("patch_half", ""): ("patch_half", "_half"),
    ("rollout", ""): ("rollout", ""),
    ("query_size", "x1/2"): ("query_size", "_query_half"),
    ("query_size", "x1"): ("query_size", ""),
    ("query_size", "x2"): ("query_size", "_query_double"),
    ("training_length", "500"): ("training_length", ""),
    ("training_length", "precomputed"): ("precomputed", ""),
    ("noise", ""): ("noise", ""),
}
"""Track, and what its settings' names end in, by study and variant."""


class Measured(NamedTuple):
    """Experiments that measure a published figure, one for each of the track's seeds."""

    track: str
    setting: str
    method: str
    """METHOD."""


def measured_by(row: PublishedRow) -> Measured:
    """The track, setting and METHOD that measure a row's figure again.

    Raises:
        KeyError: if no track has the row's study and variant.
    """
    track, ending = TRACKS[row.study, row.variant]
    return Measured(track, f"{row.dataset}_{row.regime}{ending}", row.method_id)
