"""The command that says how many seeds a run needs before it starts."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.cli.options import dataset_option, regime_option
from nnactive.errors import UserError

if TYPE_CHECKING:
    from benchmark.tracks import Track
    from leaderboard.seeds import Detectable, Noise

METRICS = {"aubc": "AUBC", "final_dice": "Final Dice"}


class Points(click.FloatRange):
    """Percentage points, of which a score has 100."""

    def __init__(self) -> None:
        super().__init__(min=0, max=100, min_open=True)

    def convert(
        self, value: float, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number; one that isn't a number passes no comparison."""
        found: float = super().convert(value, param, ctx)
        if math.isnan(found):
            self.fail(f"{value} is not a number", param, ctx)
        return found


@click.command()
@click.argument("name", metavar="TRACK")
@click.option(
    "--difference",
    type=Points(),
    metavar="POINTS",
    help="Also give the number of seeds that detect a difference of this many percentage points.",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=2, max=50),
    metavar="N",
    help="Only for N seeds; by default 2 to 10.",
)
@click.option(
    "--metric",
    type=click.Choice(list(METRICS)),
    default="aubc",
    show_default=True,
    help="Score to compare.",
)
@click.option(
    "--sd",
    type=Points(),
    metavar="POINTS",
    help="Standard deviation of a method's score over seeds; by default the published one.",
)
@click.option(
    "--results",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Take the spread from these results of the track: folder or file; repeatable.",
)
@dataset_option
@regime_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def power(
    name: str,
    difference: float | None,
    seeds: int | None,
    metric: str,
    sd: float | None,
    results: Sequence[Path],
    dataset: str | None,
    regime: str | None,
    *,
    as_json: bool,
) -> None:
    """Say which differences between two methods a run of TRACK can detect, by number of seeds.

    Found with a power of 0.8 by the paired t-test of the leaderboard, two-sided at 0.05.
    """
    from benchmark.tracks import load_track
    from leaderboard.formatting import rounded
    from leaderboard.seeds import SEEDS, detectable

    content = load_track(name).part(dataset, regime)
    noise, source = _noise(content, metric, sd, results)
    table = detectable(noise, SEEDS if seeds is None else [seeds])
    if as_json:
        rows = [
            {"seeds": row.seeds}
            | {key: rounded(getattr(row, key), 4) for key in ("mean", "median", "worst")}
            for row in table
        ]
        spreads = {each.setting: rounded(each.spread, 4) for each in noise}
        click.echo(json.dumps({"track": content.name, "spread": spreads, "detectable": rows}))
        return
    _print(content, metric, noise, source, table)
    if difference is not None:
        _print_enough(noise, difference)


def _noise(
    track: "Track", metric: str, sd: float | None, results: Sequence[Path]
) -> "tuple[list[Noise], str]":
    """The noise in each setting, and where it is known from."""
    from leaderboard.seeds import known_noise, measured_noise, published_noise

    if sd is not None and results:
        raise UserError("--sd and --results both say how large the spread is; give one of them")
    if sd is not None:
        return known_noise(track.settings, sd), f"standard deviation of a method's score: {sd:g}"
    if results:
        from leaderboard.build import load_board

        board = load_board(results)
        return measured_noise(track.settings, metric, track.name, board), "spread of your results"
    if not track.comparable:
        raise UserError(
            f"{track.name}: a reduced-cost track, for which no spread is published; give one "
            "with --sd, or name your own results with --results"
        )
    return published_noise(track.settings, metric), "spread over seeds as published"


def _print(
    track: "Track",
    metric: str,
    noise: "Sequence[Noise]",
    source: str,
    table: "Sequence[Detectable]",
) -> None:
    from rich.table import Table

    from benchmark.cli.tables import print_table
    from leaderboard.formatting import counted, fixed

    click.echo(
        f"{track.name}: smallest detectable difference in {METRICS[metric]}, percentage points\n"
        f"(power 0.8, two-sided paired t-test at 0.05; {source})\n"
    )
    worst = max(noise, key=lambda each: each.spread).setting
    several = len(noise) > 1
    heads = (
        [f"mean over {counted(len(noise), 'setting')}", "median setting", f"noisiest ({worst})"]
        if several
        else [worst]
    )
    shown = Table(box=None, pad_edge=False)
    for head in ("seeds", *heads):
        shown.add_column(head, justify="right", no_wrap=True)
    for row in table:
        found = (row.mean, row.median, row.worst) if several else (row.mean,)
        shown.add_row(str(row.seeds), *(fixed(each, 2) for each in found))
    print_table(shown)


def _print_enough(noise: "Sequence[Noise]", difference: float) -> None:
    """How many seeds find a difference."""
    from leaderboard.seeds import MOST, enough_seeds

    def told(count: int | None) -> str:
        return f"{count} seeds" if count is not None else f"more than {MOST} seeds"

    spreads = [each.spread for each in noise]
    points = f"{difference:g} percentage point{'' if difference == 1 else 's'}"
    click.echo()
    if len(noise) == 1:
        click.echo(f"to detect {points}: {told(enough_seeds(spreads, difference))}")
        return
    click.echo(f"to detect {points} in the mean: {told(enough_seeds(spreads, difference))}")
    click.echo(f"in every single setting: {told(enough_seeds([max(spreads)], difference))}")
