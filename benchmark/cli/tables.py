"""Tables in the terminal."""

from textwrap import fill
from typing import TYPE_CHECKING

import click

from nnactive.geometry import size_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.table import Table

    from benchmark.tracks import Track
    from leaderboard.terminal import Layout, TopTable
    from nnactive.settings import Setting

WIDTH = 100
"""Columns unless the output is a terminal."""
BADGES_WIDTH = 12
"""Fewest columns of badges: the longest word that they have."""


def print_table(table: "Table") -> None:
    """Print a table, 100 columns wide unless the output is a terminal."""
    from rich.console import Console

    width = None if Console().is_terminal else WIDTH
    Console(width=width, markup=False, emoji=False, highlight=False).print(table)


def print_top(top: "TopTable") -> None:
    """Print the first rows of a ranking and its verdict.

    Where the terminal is too narrow for all columns, the least important ones are left out, so that
    names stay whole; only where rank and name alone are too wide are names folded.
    """
    from rich.console import Console

    from leaderboard.terminal import layouts

    console = Console(markup=False, emoji=False, highlight=False)
    known = layouts(top)
    fitting = (layout for layout in known if _width(top.title, layout) <= console.width)
    layout = next(fitting, None)
    console.print(_top_table(top.title, layout or known[-1], whole=layout is not None))
    for sentence in top.verdict:
        console.print(fill(sentence, console.width, initial_indent="  ", subsequent_indent="  "))
    console.print()


def _width(title: str, layout: "Layout") -> int:
    """Columns that a table needs, its badges folded as far as they may be."""
    from rich.cells import cell_len
    from rich.console import Console

    wide = Console(width=1000).measure(_top_table(title, layout)).maximum
    if not layout.badges:
        return wide
    longest = max(cell_len(row[-1]) for row in layout.rows)
    return wide - max(0, longest - BADGES_WIDTH)


def _top_table(title: str, layout: "Layout", *, whole: bool = True) -> "Table":
    """The table; names are folded unless they are ``whole``."""
    from rich.box import SIMPLE
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title), title_justify="left", box=SIMPLE)
    for place, head in enumerate(layout.heads):
        folded = layout.badges and place == len(layout.heads) - 1
        table.add_column(
            Text(head),
            overflow="fold",
            no_wrap=whole and not folded,
            min_width=BADGES_WIDTH if folded else None,
        )
    for row in layout.rows:
        table.add_row(*map(Text, row))
    return table


def print_track(track: "Track") -> None:
    """Print what a track runs: settings, methods, seeds, and how many experiments and trainings."""
    from rich.table import Table

    reduced = "" if track.comparable else " (reduced cost)"
    click.echo(f"{track.name}: {track.title}{reduced}\n{track.description}\n")
    columns = ("setting", "patch z,y,x", "stride", "k", "patches", "folds", "epochs", "other")
    table = Table(*columns, box=None, pad_edge=False)
    for setting in track.settings:
        table.add_row(*_row(setting))
    print_table(table)
    seeds = ", ".join(map(str, track.seeds))
    per_seed = track.experiments_per_seed
    what = "starts" if track.query else "methods"
    click.echo(f"\n{what} ({len(track.methods)}): {', '.join(track.methods)}\nseeds: {seeds}")
    for name, ids in track.left_out.items():
        click.echo(f"not in {name}: {', '.join(ids)}")
    if track.query:
        click.echo(f"query method of all later loops: {track.query}")
    click.echo(
        f"settings: {len(track.settings)}; experiments: {per_seed:,} per seed, "
        f"{per_seed * len(track.seeds):,} in total\n"
        f"trainings: {track.trainings:,} with loop 0 shared "
        f"({track.trainings_unshared:,} if every experiment trained its own)"
    )


def _row(setting: "Setting") -> tuple[str, ...]:
    later, training = setting.loops - 1, setting.training
    total = setting.starting_budget + later * setting.query_size
    return (
        setting.name,
        size_text(setting.patch_size, ","),
        _sizes(setting.stride),
        str(setting.candidates),
        f"{setting.starting_budget} + {later} x {setting.query_size} = {total}",
        str(training.folds),
        str(training.epochs),
        ", ".join(_deviations(setting)),
    )


def _deviations(setting: "Setting") -> "Iterator[str]":
    """What differs from the papers' usual training and test."""
    from nnactive.settings import Inference, Training

    training, inference, usual = setting.training, setting.inference, Training()
    if setting.queries:
        yield f"queries of track {setting.queries.track}"
    if training.network == "resenc_m":
        yield "residual encoder M"
    if setting.annotator is not None:
        yield "noisy annotator"
    if training.iterations != usual.iterations:
        yield f"{training.iterations} iterations per epoch"
    if training.base_features != usual.base_features:
        yield f"{training.base_features} features"
    if training.batch_size != usual.batch_size:
        yield f"batch {training.batch_size}"
    unmirrored = {"training": not training.mirror, "test": not inference.test_mirror}
    if any(unmirrored.values()):
        yield f"no mirroring in {' and '.join(key for key, value in unmirrored.items() if value)}"
    if inference.test_tile_step != Inference().test_tile_step:
        yield f"test tile step {inference.test_tile_step:g}"


def _sizes(values: tuple[int, int, int]) -> str:
    return ",".join(map(str, values))
