"""Commands for profiles: how a track's shards are submitted to a cluster."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nnactive.errors import NnactiveError, UserError

if TYPE_CHECKING:
    from benchmark.cluster.profiles.answers import Question
    from benchmark.cluster.profiles.profile import Profile


@click.group()
def profile() -> None:
    """List, show and make profiles: on which cluster, and how, a track's shards run."""


@profile.command("list")
def list_profiles() -> None:
    """List the profiles: those in ./profiles, your own, and those that are shipped."""
    from benchmark.cluster.profiles.profile import load_profile, profiles

    for name, file in sorted(profiles().items()):
        click.echo(f"{name:<20}  {load_profile(str(file)).executor:<15}  {file}")


@profile.command()
@click.argument("name")
def show(name: str) -> None:
    """Show all fields of the profile NAME, or of that file."""
    import yaml

    from benchmark.cluster.profiles.profile import load_profile

    content = load_profile(name).model_dump(mode="json")
    click.echo(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), nl=False)


@profile.command()
@click.argument("base", metavar="PROFILE")
@click.option("--name", default=None, help="Name of the profile; by default PROFILE's.")
@click.option("--partition", default=None, help="Partition or queue.")
@click.option("--account", default=None, help="Account or project; '' for none.")
@click.option("--gpu-type", default=None, help="GPU type by the scheduler's name; '' for any.")
@click.option("--gpus", type=click.IntRange(min=0), default=None, help="GPUs of each job.")
@click.option("--hours", type=float, default=None, help="Longest time limit of a job.")
@click.option("--cores", type=click.IntRange(min=1), default=None, help="Cores of each job.")
@click.option("--memory-gib", type=float, default=None, help="Memory of each job.")
@click.option("--container", default=None, help="Image to run every job in; '' for none.")
@click.option("--scratch", default=None, help="Folder on a node's own disk; '' for none.")
@click.option("--here", is_flag=True, help="Write it to ./profiles, not to your own profiles.")
@click.option("--yes", is_flag=True, help="Ask nothing; use the defaults for everything not given.")
@click.option("--try/--no-try", "trying", default=True, help="Submit a one-second trial job.")
@click.option(
    "--runs",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="NNACTIVE_RUNS",
    default=Path("runs"),
    show_default=True,
    help="Folder of the runs, where the trial job writes (or NNACTIVE_RUNS).",
)
def init(
    base: str, name: str | None, runs: Path, *, here: bool, yes: bool, trying: bool, **given: object
) -> int:
    """Make a profile from a shipped PROFILE such as slurm, and try one job of a second.

    Asks for what no option gives; what the scheduler tells of itself are the defaults.
    """
    from benchmark.cluster.outer.place import check_plugin
    from benchmark.cluster.profiles.answers import questions
    from benchmark.cluster.profiles.profile import HERE, load_profile, own_folder, save_profile

    start = load_profile(base)
    if trying:
        check_plugin(start)
    answers: dict[str, object] = {}
    for question in questions(start):
        answer = given.get(question.field)
        if answer is None:
            answer = question.default if yes else asked(question)
        answers[question.field] = answer or (None if question.field != "gpus" else 0)
    made = changed(start, answers)
    stem = Path(base).stem if name is None else name
    if not stem or Path(stem).name != stem:
        raise UserError(f"--name '{stem}': is a file's name, without a folder")
    file = (HERE if here else own_folder()) / f"{stem}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    save_profile(file, made)
    click.echo(f"profile: {file}")
    return tried(made, runs) if trying else 0


def asked(question: "Question") -> object:
    """What the user answers.

    Raises:
        UserError: if there is nobody to ask.
    """
    try:
        return click.prompt(question.text, default=question.default, type=question.kind)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise UserError(
            "profile init: its questions need a terminal; give --yes, and options for whatever "
            "isn't the default"
        ) from None


def changed(start: "Profile", answers: dict[str, object]) -> "Profile":
    """A profile with other values.

    Raises:
        UserError: if a profile can't have one of them.
    """
    from pydantic import ValidationError

    try:
        return type(start).model_validate({**start.model_dump(), **answers})
    except ValidationError as error:
        first = error.errors()[0]
        raise UserError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def tried(made: "Profile", runs: Path) -> int:
    """Run the trial job, and print what it found; returns the exit code."""
    from benchmark.cluster.trial import run_trial

    click.echo("trying one job; it takes as long as the queue does", err=True)
    findings = run_trial(made, runs)
    for finding in findings:
        state = "ok" if finding.good else "FAILED"
        click.echo(f"{finding.what:<14}  {state:<6}  {finding.detail}")
    bad = [finding.what for finding in findings if not finding.good]
    if bad:
        raise NnactiveError(f"trial job: {', '.join(bad)} failed; the lines above say why")
    return 0
