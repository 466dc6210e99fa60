"""Commands that make the figures which cards and the board keep of reduced-cost tracks."""

from collections.abc import Sequence
from pathlib import Path

import click

from benchmark.cli.command_line import command_line
from benchmark.cli.contained import note
from benchmark.cli.options import data_option, runs_option
from nnactive.errors import UserError


@click.command()
@click.argument("name")
@click.option(
    "--seed",
    "seeds",
    type=int,
    multiple=True,
    metavar="N",
    help="With this seed; repeatable.",
)
@data_option
@runs_option
def reference(name: str, seeds: Sequence[int], data: Path, runs: Path) -> None:
    """Train the settings of the track NAME on all labels of their pools.

    Prints, for each, the Mean Dice over the seeds as the dataset's card keeps it. Continues where
    it was interrupted.
    """
    import yaml

    from benchmark.full_data.train import FOLDER, train_full
    from benchmark.full_data.train import reference as kept
    from benchmark.provenance import environment
    from benchmark.tracks import load_track
    from benchmark.workflow.datasets import dataset_folder
    from nnactive.data.prepared import INFO

    content = load_track(name)
    for setting in content.settings:
        place = dataset_folder(setting.dataset, data, runs)
        if not (place / INFO).is_file():
            way = f"nnactive-bench data prepare {setting.dataset} --data {data}"
            raise UserError(f"{place}: no prepared dataset; run: {way}")
        root = runs / FOLDER / content.name / setting.name
        found = {
            seed: train_full(setting, seed, place, root / f"seed_{seed}", note)
            for seed in seeds or content.seeds
        }
        made = kept(setting, found, command_line(), environment())
        shown = {setting.dataset: {"references": [made.model_dump(mode="json")]}}
        click.echo(yaml.safe_dump(shown, sort_keys=False, allow_unicode=True), nl=False)


@click.command(hidden=True)
@click.argument("name")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--further",
    type=click.Path(path_type=Path, file_okay=False),
    multiple=True,
    help="Folder with results of more seeds, for the spread; repeatable.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
def expect(name: str, folder: Path, further: Sequence[Path], out: Path) -> None:
    """Write the figures that a run of the track NAME is expected to give, from those in FOLDER."""
    from benchmark.layout import result_files
    from benchmark.results import load_result
    from leaderboard.expected.figures import expect as expected
    from nnactive.io.files import write_model

    own = [load_result(file) for file in result_files(folder)]
    more = [load_result(file) for each in further for file in result_files(each)]
    write_model(out, expected(name, [r for r in own if r.method.origin == "builtin"], more))
