"""Check this machine: one line for each thing that a run needs."""

import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.cli.contained import Contained
from benchmark.cli.options import data_option, runs_option
from benchmark.containers.roles import Role
from nnactive.errors import UserError

if TYPE_CHECKING:
    from benchmark.machine.findings import Finding

WHAT_WIDTH, STATE_WIDTH = 13, 6


@click.command(cls=Contained, roles={"data": Role.DATA, "runs": Role.RUNS}, gpu=True)
@data_option
@runs_option
def doctor(data: Path, runs: Path) -> None:
    """Check this machine, and say how to fix problems."""
    from benchmark.machine.checks import everything
    from benchmark.machine.findings import failures

    findings = []
    for finding in chain(everything(data, runs), _isolation()):
        what, state = finding.what.ljust(WHAT_WIDTH), finding.state.ljust(STATE_WIDTH)
        click.echo(f"{what}  {state}  {' '.join(finding.detail.split())}")
        findings.append(finding)
    failed = [finding.what for finding in failures(findings)]
    if failed:
        raise UserError(f"failed: {', '.join(failed)}; the lines above say what to do")


def _isolation() -> "Iterator[Finding]":
    from benchmark.firewall.ways import WISH, reasons, strongest
    from benchmark.machine.isolation import isolation_finding

    yield isolation_finding(strongest(), reasons(), os.environ.get(WISH, "auto"))
