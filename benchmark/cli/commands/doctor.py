"""Check this machine: one line for each thing that a run needs."""

from pathlib import Path

import click

from benchmark.cli.contained import Contained
from benchmark.cli.options import data_option, runs_option
from benchmark.containers.roles import Role
from nnactive.errors import UserError

WHAT_WIDTH, STATE_WIDTH = 13, 6


@click.command(cls=Contained, roles={"data": Role.DATA, "runs": Role.RUNS}, gpu=True)
@data_option
@runs_option
def doctor(data: Path, runs: Path) -> None:
    """Check this machine, and say how to fix problems."""
    from benchmark.machine.checks import everything
    from benchmark.machine.findings import failures

    findings = []
    for finding in everything(data, runs):
        what, state = finding.what.ljust(WHAT_WIDTH), finding.state.ljust(STATE_WIDTH)
        click.echo(f"{what}  {state}  {' '.join(finding.detail.split())}")
        findings.append(finding)
    failed = [finding.what for finding in failures(findings)]
    if failed:
        raise UserError(f"failed: {', '.join(failed)}; each line above says what to do")
