"""`reproduce --method`: the entry's method queries again."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.cli.contained import note

if TYPE_CHECKING:
    from benchmark.bundles.levels import Repeated
    from benchmark.bundles.reproduce.reported import Reported
    from benchmark.bundles.reproduce.train import Place


def rerun(
    reported: "Reported",
    code: Path | None,
    loops: Sequence[int] | None,
    place: "Place",
    models: Path | None,
) -> "tuple[Sequence[Repeated], bool]":
    """Query again, compare and print; what was judged, and whether all agrees.

    Args:
        reported: the entry.
        code: its frozen copy.
        loops: only these; None: all.
        place: where it is reproduced.
        models: the run with its author's models; None: those that were trained here.
    """
    from benchmark.bundles.reproduce.compare import worst
    from benchmark.bundles.reproduce.query import RERUN, Asked, query_again
    from benchmark.cli.commands.reproducing.shown import print_queries

    asked = Asked(
        reported=reported,
        place=replace(place, runs=place.runs / RERUN),
        models=models or place.root(reported),
        theirs=models is not None,
        note=note,
    )
    found = list(query_again(asked, code, loops))
    print_queries(found)
    verdict = worst(each.verdict for each in found)
    if verdict == "not judged":
        note("not judged: other models give other queries; name the author's run with --models")
    return [each.repeated for each in found if each.verdict != "not judged"], verdict == "agrees"
