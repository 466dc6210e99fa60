"""`annotate status`: where a project is."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.cli.contained import Contained
from benchmark.containers.roles import Role
from nnactive.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmark.annotation.agreement.counts import HeldOut
    from benchmark.annotation.agreement.intervals import Interval
    from benchmark.annotation.agreement.read import Agreement
    from benchmark.annotation.project.model import Project
    from benchmark.annotation.project.places import Places
    from benchmark.annotation.state import Minutes, State

SHOWN = 8
"""Ids that a table lists."""
HOW_TIMED = (
    "minutes: from one save to the next, unless more than 15 passed or a round was written in "
    "between; files saved in the same second count once"
)


@click.command("status", cls=Contained, roles={"root": Role.PROJECT})
@click.argument("root", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def status(root: Path, *, as_json: bool) -> None:
    """Show where a project is: rounds, open patches, voxels, minutes, agreement."""
    from benchmark.annotation.project.places import Places, load_project
    from benchmark.annotation.state import state_of

    project, places = load_project(root), Places(root)
    state = state_of(places, project)
    agreement, cause = _agreement(places, project)
    if as_json:
        told = None if agreement is None else agreement.model_dump(mode="json")
        click.echo(json.dumps({**asdict(state), "agreement": told}, indent=1, ensure_ascii=False))
        return
    _print(state)
    if cause is not None:
        click.echo(f"agreement between rounds: unknown: {cause}")
    else:
        for line in _agreement_lines(agreement, state.classes[1:]):
            click.echo(line)
    click.echo(f"to do: {state.todo}")


def _agreement(places: "Places", project: "Project") -> "tuple[Agreement | None, UserError | None]":
    """What the ensembles tell, None: there is none yet; and why it can't be told."""
    if not any(places.predictions(0).parent.glob("round_*")):
        return None, None
    from benchmark.annotation.agreement.read import read_agreement

    try:
        return read_agreement(places, project), None
    except UserError as error:  # the rest can still be shown
        return None, error


def _print(state: "State") -> None:
    from rich.table import Table

    from benchmark.cli.tables import print_table

    given = f", {state.given} with labels from the start" if state.given else ""
    click.echo(
        f"{state.name}: {len(state.rounds)} of {state.planned} planned rounds; "
        f"{state.images} images, {state.images_labelled} with labels{given}"
    )
    if state.rounds:
        table = Table(box=None, pad_edge=False)
        table.add_column("round")
        for name in ("patches", "labelled", "corrected", "images", *state.classes, "minutes"):
            table.add_column(name, justify="right")
        table.add_column("open")
        for each in state.rounds:
            table.add_row(
                str(each.number),
                *(str(n) for n in (each.patches, each.labelled, each.corrected, each.images)),
                *(f"{count:,}" for count in each.voxels),
                _minutes(each.minutes),
                _ids(each.open),
            )
        print_table(table)
        changed = [f"{name.number}: {_ids(name.changed)}" for name in state.rounds if name.changed]
        if changed:
            click.echo(f"saved, not imported yet: round {'; round '.join(changed)}")
    for line in state.since:
        click.echo(f"warning: {line}")
    for line in _sums(state):
        click.echo(line)


def _sums(state: "State") -> "Iterator[str]":
    counts = zip(state.classes, state.voxels, strict=True)
    share = "" if state.share is None else f", {state.share:.2%} of all"
    yield f"labelled voxels: {', '.join(f'{n:,} {name}' for name, n in counts)}{share}"
    spent = state.minutes
    if spent.saved:
        yield (
            f"minutes: {spent.minutes:.0f} for {spent.timed} of {spent.saved} saves "
            f"({HOW_TIMED.removeprefix('minutes: ')})"
        )
    if state.rounds and state.missing:
        yield f"no voxel yet of: {', '.join(state.missing)}"


def _agreement_lines(agreement: "Agreement | None", classes: tuple[str, ...]) -> "Iterator[str]":
    if agreement is None or not (agreement.changes or agreement.held_out):
        yield "agreement between rounds: not yet; it takes the ensembles of two rounds"
        return
    for each in agreement.changes:
        dice = _by_class(classes, each.dice)
        yield (
            f"rounds {each.number - 1} and {each.number}, Dice of their predictions for "
            f"{each.images} images: {dice}; {_percent(each.disagreement)} of the foreground differs"
        )
    for found in agreement.held_out:
        yield (
            f"round {found.number}'s predictions in the {found.patches} patches labelled next, "
            f"Dice: {_by_class(classes, found.dice)}; {_percent(found.right)} of their voxels were "
            f"predicted right{_drafted(found)}"
        )
    shown = [
        *(each.dice for each in agreement.changes),
        *(each.dice for each in agreement.held_out),
    ]
    if any(None in values for values in shown):
        yield "-: undefined, as neither of the two compared has the class"
    if agreement.wrong is not None:
        rough = agreement.calibrated is not None and agreement.calibrated.at_limit
        yield (
            f"voxels that the newest ensemble gets wrong, by calibrated confidence: "
            f"{agreement.wrong:.2%}"
            + (" (rough: the fitted temperature is at the limit of those tried)" if rough else "")
        )


def _drafted(found: "HeldOut") -> str:
    """What drafts mean for figures of the patches that they were shown in."""
    if not found.drafted:
        return ""
    return (
        f"; {found.drafted} of the {found.patches} patches were labelled from this prediction as a "
        "draft, which makes these figures look better than they are"
    )


def _by_class(classes: tuple[str, ...], values: "tuple[Interval | None, ...]") -> str:
    parts = zip(classes, values, strict=True)
    return ", ".join(f"{name} {'-' if v is None else f'{v.value:.3f}'}" for name, v in parts)


def _percent(value: "Interval | None") -> str:
    return "-" if value is None else f"{value.value:.1%}"


def _minutes(spent: "Minutes") -> str:
    return f"{spent.minutes:.0f}" if spent.timed else "-"


def _ids(ids: tuple[str, ...]) -> str:
    more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
    return ", ".join(ids[:SHOWN]) + more if ids else "-"
