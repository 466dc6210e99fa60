"""Commands about the spread of unseeded training."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.cli.options import cores_option, data_option, runs_option
from nnactive.errors import UserError

if TYPE_CHECKING:
    from benchmark.bundles.reproduce.reported import Reported
    from benchmark.bundles.reproduce.spread import SpreadRow

FILE = click.Path(path_type=Path, dir_okay=False)
table_option = click.option(
    "--table",
    "tables",
    type=FILE,
    multiple=True,
    metavar="FILE",
    help="A table that `spread measure` wrote, in addition to the benchmark's; repeatable.",
)
loop_option = click.option(
    "--loop",
    "loops",
    type=click.IntRange(min=0),
    multiple=True,
    metavar="T",
    help="Only this loop; repeatable.",
)
setting_option = click.option(
    "--setting", "settings", multiple=True, metavar="NAME", help="Only this setting; repeatable."
)
seed_option = click.option(
    "--seed", "seeds", type=int, multiple=True, metavar="N", help="Only this seed; repeatable."
)


@click.group()
def spread() -> None:
    """Show and measure how far two trainings on the same patches differ."""


@spread.command("list")
@table_option
def list_rows(tables: tuple[Path, ...]) -> None:
    """Show the measured spreads: Mean Dice, its standard deviation, what counts as chance."""
    from benchmark.bundles.reproduce.spread import SHIPPED, read_table

    print_rows(read_table(SHIPPED, *tables))


@spread.command()
@click.argument("source", type=click.Path(path_type=Path), metavar="RUN")
@click.option("--method", metavar="ID", help="Method whose queries are used for training.")
@click.option(
    "--repetitions",
    type=click.IntRange(min=2),
    default=8,
    show_default=True,
    metavar="N",
    help="How often.",
)
@click.option(
    "--table",
    "out",
    type=FILE,
    default=Path("spread.csv"),
    show_default=True,
    metavar="FILE",
    help="Table to write; rows of other queries are kept.",
)
@setting_option
@seed_option
@loop_option
@cores_option
@data_option
@runs_option
def measure(
    source: Path,
    method: str | None,
    repetitions: int,
    out: Path,
    settings: Sequence[str],
    seeds: Sequence[int],
    loops: Sequence[int],
    cores: int | None,
    data: Path,
    runs: Path,
) -> None:
    """Train on the queries of RUN, a track's folder or a bundle, again and again; write the spread.

    Continues where it was interrupted; a table's rows of the same queries and training are
    replaced.
    """
    from benchmark.bundles.reproduce.measure import measure as run
    from benchmark.bundles.reproduce.spread import read_table, write_table
    from benchmark.bundles.reproduce.train import Place
    from benchmark.cli.contained import note
    from benchmark.cli.progress import shown
    from nnactive.devices import usable_cores

    before = read_table(out) if out.exists() else []
    reported, _ = reported_of(source, method).chosen(settings, seeds).complete()
    place = Place(data=data, runs=runs, cores=cores or usable_cores())
    with shown() as watcher:
        rows = run(reported, loops or None, repetitions, place, watcher, note)
    new = {(row.key, row.queries) for row in rows}
    write_table(out, [*(row for row in before if (row.key, row.queries) not in new), *rows])
    print_rows(rows)
    click.echo(f"table: {out}", err=True)


def reported_of(source: Path, method: str | None) -> "Reported":
    """What a bundle reports, or a track's folder of a method.

    Raises:
        UserError: if it is neither, or a folder with several methods of which none is named.
    """
    from benchmark import layout
    from benchmark.bundles import places
    from benchmark.bundles.read import ZIP
    from benchmark.bundles.reproduce.reported import of_run

    if source.suffix == ZIP or (source / places.RECORD).is_file():
        from benchmark.bundles.reproduce.entry import open_entry

        return open_entry(source)[1]
    if not (source / layout.track_file()).is_file():
        raise UserError(f"{source}: give a track's folder, RUNS/TRACK, or a bundle; it is neither")
    ids = sorted(
        {file.relative_to(source).parts[1] for file in layout.result_files(source)},
    )
    if method is None and len(ids) != 1:
        raise UserError(
            f"{source}: name one of its methods with --method: {', '.join(ids) or 'it has none'}"
        )
    return of_run(source, method or ids[0])


def print_rows(rows: "Sequence[SpreadRow]") -> None:
    """Print rows of the table; Dice x 100."""
    from rich.markup import escape
    from rich.table import Table

    from benchmark.bundles.reproduce.spread import Noise
    from benchmark.cli.tables import print_table

    table = Table(box=None, pad_edge=False)
    table.add_column("queries of")
    for name in ("training", "patches", "n", "Mean Dice", "sd", "largest", "chance up to"):
        table.add_column(name, justify="right")
    table.add_column("on")
    for row in rows:
        allowed = Noise(row.sd, row.n - 1).allowed()
        length = f"{row.folds} x {row.epochs * row.iterations}"
        values = (row.mean_dice, row.sd, row.max_difference, allowed)
        shown = [f"{100 * value:.2f}" for value in values]
        counts = (str(row.patches), str(row.n))
        table.add_row(escape(row.queries), length, *counts, *shown, escape(row.device))
    print_table(table)
