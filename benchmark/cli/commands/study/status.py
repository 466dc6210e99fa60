"""The command that says where the tracks of a runs folder are."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from benchmark.cli.options import runs_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmark.journal.study.overview import Overview, Running

ROWS: Final = 20
"""Of each table, unless the user asks for all."""
HOUR: Final = 3600.0


@click.command()
@click.argument("track", required=False)
@runs_option
@click.option(
    "--rescan", is_flag=True, help="Compare the journals with the files, and correct them."
)
@click.option("--all", "everything", is_flag=True, help=f"List more than {ROWS} jobs of a kind.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def status(track: str | None, runs: Path, *, rescan: bool, everything: bool, as_json: bool) -> None:
    """Show where TRACK, or every track in RUNS, is: done, running, waiting, failed.

    Works while jobs run, and from any machine that sees RUNS.
    """
    from benchmark.journal.study.overview import overview, read_state
    from benchmark.journal.study.rescan import rescan as compare
    from benchmark.journal.study.runs import living_runs
    from benchmark.journal.study.wanted import tracks_in

    found = []
    for root in tracks_in(runs, track):
        state = read_state(root)
        if rescan:
            for line in compare(state):
                click.echo(f"{root.name}: the journal was wrong: {line}", err=True)
            state = read_state(root)
        found.append(overview(state))
        if not as_json:
            idle = not any(living_runs(state))
            _show(found[-1], _shards(root), None if everything else ROWS, idle=idle)
    if as_json:
        content = [{**asdict(each), "shards": _shards(Path(each.folder))} for each in found]
        click.echo(json.dumps(content, indent=1, ensure_ascii=False))


def _shards(root: Path) -> dict[str, int | str | None] | None:
    """How many of a track's shards wait, run and have ended, and who submits them; None: none."""
    from benchmark.cluster.request import read_request, request_file

    if not request_file(root).exists():
        return None
    from benchmark.cluster.outer.look import counts
    from benchmark.cluster.outer.place import submit_lease
    from nnactive.io.leases import living

    where = counts(root, list(read_request(root).shards()))
    over = where.finished + where.failed
    submits = living(submit_lease(root))
    return {
        "finished": where.finished,
        "failed": where.failed,
        "running": where.running,
        "pending": max(0, where.total - over - where.running),
        "submitted_by": f"process {submits.pid} on {submits.host}" if submits else None,
    }


def _show(
    view: "Overview",
    shards: dict[str, int | str | None] | None,
    rows: int | None,
    *,
    idle: bool,
) -> None:
    total = view.done + view.running + view.waiting + view.failed
    click.echo(
        f"{view.track}: {view.done} of {total} experiments done, {view.running} running, "
        f"{view.waiting} waiting, {view.failed} failed"
    )
    now = f", {len(view.jobs_running)} running" if view.jobs_running else ""
    click.echo(f"  {view.jobs_done:,} of {view.jobs:,} jobs done{now}")
    for line in _times(view):
        click.echo(f"  {line}")
    if shards is not None:
        by = shards.pop("submitted_by")
        parts = ", ".join(f"{count} {name}" for name, count in shards.items())
        stopped = (
            "nothing is submitting them; to continue, run the same command again"
            if shards["pending"]
            else "all are submitted"
        )
        click.echo(f"  shards: {parts}; {f'submitted by {by}' if by else stopped}")
    _show_running("running", view.jobs_running, rows)
    _show_failures(view, rows)
    _show_running("interrupted", view.interrupted, rows)
    for line in _advice(view, idle=idle and shards is None):
        click.echo(f"  {line}")


def _times(view: "Overview") -> "Iterator[str]":
    from nnactive.io.formatting import duration

    if view.gpu_seconds_spent:
        left = view.gpu_seconds_left
        rest = f", about {left / HOUR:,.1f} left" if left is not None else ""
        yield f"GPU-hours: {view.gpu_seconds_spent / HOUR:,.1f} spent{rest}"
    elif view.seconds_spent:
        yield f"time of all jobs together: {duration(view.seconds_spent)}"
    if view.seconds_left is not None:
        count = len(view.jobs_running)
        jobs = "1 job" if count == 1 else f"{count} jobs"
        yield f"about {duration(view.seconds_left)} left with {jobs} at once, as now"


def _show_running(title: str, jobs: "tuple[Running, ...]", rows: int | None) -> None:
    from rich.table import Table

    from benchmark.cli.tables import print_table
    from nnactive.io.formatting import duration

    if not jobs:
        return
    table = Table(box=None, pad_edge=True)
    table.add_column(title)
    table.add_column("on")
    table.add_column("since", justify="right")
    for each in jobs[:rows]:
        table.add_row(each.job, _where(each), f"{duration(each.seconds)}")
    print_table(table)
    _say_more(len(jobs), rows)


def _show_failures(view: "Overview", rows: int | None) -> None:
    for each in view.failures[:rows]:
        many = f" ({each.experiments} experiments need it)" if each.experiments > 1 else ""
        click.echo(f"  failed: {each.job}: {each.reason}{many}\n          log: {each.log}")
    _say_more(len(view.failures), rows)


def _say_more(count: int, rows: int | None) -> None:
    if rows is not None and count > rows:
        click.echo(f"  and {count - rows} more; --all lists them")


def _where(job: "Running") -> str:
    gpu = f", GPU {job.gpu}" if job.gpu is not None else ""
    scheduled = f", job {job.scheduled}" if job.scheduled else ""
    return f"{job.host or '?'}{gpu}{scheduled}"


def _has_outputs(view: "Overview") -> bool:
    """Whether a step has ever written into the track's folder, or begun to."""
    return any(Path(view.folder).glob("*/*/seed_*/*"))


def _advice(view: "Overview", *, idle: bool) -> "Iterator[str]":
    """What to do about what this shows; ``idle``: no run is at work, and none was submitted."""
    if not view.journaled and not view.done and _has_outputs(view):
        yield (
            "no journal has this track's jobs; if it was run by a version without journals: "
            f"nnactive-bench status --rescan {view.track}"
        )
    if view.failures:
        yield (
            f"to do: fix the cause, then nnactive-bench retry --failed {view.track} "
            "and the command that ran it; nnactive-bench logs EXPERIMENT shows a log"
        )
    if view.interrupted and not view.jobs_running:
        yield "to do: run the same command again; it continues where the killed jobs stopped"
    elif idle and view.waiting and not (view.failures or view.jobs_running):
        yield "nothing is running; to continue, run the same command again"
    if view.skipped:
        yield f"{view.skipped} journal lines come from a newer release or are damaged"
