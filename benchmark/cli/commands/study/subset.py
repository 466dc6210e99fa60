"""The command that finds the part of the study that predicts its ranking."""

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from leaderboard.core.search import Search

TITLES = {"score": "mean score", "mean_aubc": "mean AUBC"}


@click.command()
@click.option(
    "--settings",
    "most",
    type=click.IntRange(min=1, max=5),
    default=3,
    show_default=True,
    metavar="N",
    help="Search subsets of up to N settings.",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1, max=4),
    multiple=True,
    metavar="N",
    help="Search subsets with N seeds; repeatable; default: 1 to 4.",
)
@click.option(
    "--by",
    type=click.Choice(list(TITLES)),
    default="score",
    show_default=True,
    help="Average over settings that ranks the study.",
)
@click.option("--judge/--no-judge", default=True, help="Evaluate the tracks on left-out methods.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def subset(most: int, seeds: tuple[int, ...], by: str, *, judge: bool, as_json: bool) -> None:
    """Find the settings and seeds that best predict the published study's ranking at their cost.

    Each subset is ranked in simulated studies and compared with the ranking over all 24 settings.
    """
    from benchmark.cli.bars import bars
    from leaderboard.core.search import AVERAGES, search

    with bars(unit="") as progress:
        found = search(
            AVERAGES[by],
            range(1, most + 1),
            sorted(set(seeds)) or range(1, 5),
            judged=judge,
            progress=progress,
        )
    if as_json:
        click.echo(json.dumps(as_data(found), indent=1))
    else:
        print_search(found)


def print_search(found: "Search") -> None:
    """Print the best parts and the tracks."""
    from rich.table import Table

    from benchmark.cli.tables import print_table
    from leaderboard.core.search import Best, Shipped
    from leaderboard.formatting import fixed

    click.echo(
        f"Expected Kendall's tau with the ranking by {TITLES[found.average.name]} of "
        f"{len(found.study.settings)} settings (5 % quantile);\n"
        f"{len(found.study.methods)} published methods, simulated seeds; A100-hours per method, "
        "without and for loop 0\n"
    )
    best, tracks = (Table(box=None, pad_edge=False) for _ in range(2))
    for table, name, last in ((best, "best settings", "random"), (tracks, "track", "")):
        table.add_column(name)
        for head in ("seeds", "hours", "loop 0", "tau", *filter(None, [last])):
            table.add_column(head, justify="right", no_wrap=True)
    rows: list[tuple[Table, str, Best | Shipped, tuple[str, ...]]] = [
        (best, ", ".join(found.names(b.found.part)), b, (fixed(b.random, 2),)) for b in found.best
    ]
    rows += [(tracks, each.name, each, ()) for each in found.tracks]
    for table, name, each, more in rows:
        part, prediction = each.found.part, each.found
        table.add_row(
            name,
            str(each.seeds),
            fixed(found.later(part, each.seeds), 0),
            fixed(found.start(part, each.seeds), 0),
            f"{fixed(prediction.tau, 2)} ({fixed(prediction.low, 2)})",
            *more,
        )
    print_table(best)
    click.echo()
    print_table(tracks)
    _print_judged(found)


def _print_judged(found: "Search") -> None:
    """How well the tracks predict methods that weren't used to choose them."""
    from leaderboard.formatting import counted, fixed

    lines = [
        f"{track.name}: chosen without {counted(each.left_out, 'method')}, "
        f"{counted(each.size, 'setting')} rank their pairs at tau {fixed(each.chosen, 2)}; "
        f"random settings {fixed(each.random, 2)}"
        for track in found.tracks
        for each in track.judged
    ]
    if lines:
        click.echo("\n" + "\n".join(lines))


def as_data(found: "Search") -> dict[str, Any]:
    """The search as JSON."""
    from leaderboard.formatting import rounded

    def row(each: Any, **more: object) -> dict[str, Any]:
        part, seeds = each.found.part, each.seeds
        return {
            **more,
            "settings": list(found.names(part)),
            "seeds": seeds,
            "gpu_hours": rounded(found.later(part, seeds), 1),
            "gpu_hours_loop_0": rounded(found.start(part, seeds), 1),
            "tau": rounded(each.found.tau, 4),
            "tau_low": rounded(each.found.low, 4),
        }

    return {
        "average": found.average.name,
        "methods": list(found.study.methods),
        "settings": {
            name: {
                "gpu_hours": rounded(found.costs[name].later, 2),
                "gpu_hours_loop_0": rounded(found.costs[name].start, 2),
                "methods_sd": rounded(float(spread), 4),
                "seeds_sd": rounded(float(noise), 4),
            }
            for name, spread, noise in zip(
                found.study.settings, found.study.spread, found.study.noise, strict=True
            )
        },
        "best": [row(each, random=rounded(each.random, 4)) for each in found.best],
        "tracks": [
            row(
                each,
                track=each.name,
                judged=[
                    {
                        "left_out": one.left_out,
                        "chosen": rounded(one.chosen, 4),
                        "random": rounded(one.random, 4),
                    }
                    for one in each.judged
                ],
            )
            for each in found.tracks
        ],
    }
