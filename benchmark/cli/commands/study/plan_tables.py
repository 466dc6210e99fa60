"""A forecast in words and tables."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from benchmark.forecast.durations import A100, CORE, Source
from benchmark.forecast.forecast import Cost
from benchmark.forecast.inputs import Inputs
from benchmark.steps import Resources
from nnactive.io.formatting import duration

if TYPE_CHECKING:
    from rich.table import Table

DAY: Final = 86400
LONG: Final = 3 * DAY
YEAR: Final = 365 * DAY
LEAST: Final = 0.005
"""A share of the time that is told."""
STUDIES: Final[Mapping[str, str]] = {
    "all": "from nothing",
    "left": "what is left",
    "new_method": "a new method",
    "new_method_and_loop_0": "... + loop 0",
    "new_start": "a new start",
}
SOURCES: Final[Mapping[Source, str]] = {
    Source.RECORDED: "recorded by finished jobs of the same kind",
    Source.CALIBRATED: "calibrated on this machine",
    Source.COUNTED: "counted operations",
    Source.ASSUMED: "short steps, assumed",
}


def long_duration(seconds: float) -> str:
    """A duration in words, in days or years if it is long.

    >>> long_duration(400), long_duration(864000), long_duration(1e9)
    ('7 min', '10 days', '32 years')
    """
    if seconds >= 3 * YEAR:
        return f"{seconds / YEAR:,.0f} years"
    return f"{seconds / DAY:,.0f} days" if seconds >= LONG else duration(seconds)


def mean_duration(seconds: float) -> str:
    """How long a job takes.

    >>> mean_duration(0.2), mean_duration(90)
    ('< 1 s', '2 min')
    """
    return "< 1 s" if seconds < 0.5 else duration(seconds)  # noqa: PLR2004


def short_size(gib: float) -> str:
    """GiB with their unit, in at most seven characters, so that a table fits into 80 columns.

    >>> short_size(0), short_size(0.5), short_size(2.25), short_size(231.7), short_size(1308.4)
    ('0', '512 MiB', '2.2 GiB', '232 GiB', '1.3 TiB')
    """
    for unit, name in ((1024.0, "TiB"), (1.0, "GiB")):
        if gib >= unit:
            count = gib / unit
            return f"{count:,.{int(count < 10)}f} {name}"  # noqa: PLR2004
    if gib == 0:
        return "0"
    mib = gib * 1024
    return f"{mib:.{int(mib < 10)}f} MiB"  # noqa: PLR2004


def hours(value: float) -> str:
    """Hours in as many digits as say something.

    >>> hours(0.123), hours(12.3), hours(34_000.1)
    ('0.12', '12', '34,000')
    """
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"  # noqa: PLR2004


def machine_words(resources: Resources, device: str) -> str:
    """The machine in words."""
    cores = f"{resources.cores} core{'s' * (resources.cores != 1)}"
    if not resources.gpus:
        return f"{cores} ({device}), without a GPU"
    count = len(resources.gpus)
    return f"{count} GPU{'s' * (count != 1)} ({device}) and {cores}"


def studies_table(costs: Mapping[str, Cost], *, gpu: bool) -> "Table":
    """A row for each study."""
    from rich.table import Table

    kind = "GPU" if gpu else "core"
    table = Table(box=None, pad_edge=False)
    table.add_column("", no_wrap=True)
    columns = ("trainings", "jobs", f"{kind}-hours", "wall time", "disk", "peak", "--keep")
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    for name, cost in costs.items():
        total = cost.gpu_hours if gpu else cost.gpu_hours + cost.core_hours
        table.add_row(
            STUDIES[name],
            f"{cost.trainings:,}",
            f"{cost.jobs:,}",
            hours(total),
            long_duration(cost.wall_seconds),
            *map(short_size, (cost.disk_gib, cost.peak_disk_gib, cost.kept_disk_gib)),
        )
    return table


def steps_table(cost: Cost, *, gpu: bool) -> "Table":
    """A row for each step."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("step", no_wrap=True)
    columns = ["jobs", "hours in all", "mean", "cores", "memory"] + ["GPU memory"] * gpu
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    for each in cost.steps:
        needs = each.needs
        row = [
            f"{each.jobs:,}",
            hours(each.seconds / 3600),
            mean_duration(each.seconds / each.jobs),
            str(needs.cores),
            short_size(needs.memory_gib),
        ]
        on_gpu = short_size(needs.gpu_memory_gib) if needs.gpu_memory_gib else ""
        table.add_row(each.step.title, *row, *([on_gpu] if gpu else []))
    return table


def remarks(cost: Cost, inputs: Inputs, *, gpu: bool) -> Iterator[str]:
    """Where the figures come from, and what they leave out, a line each."""
    shares = {source: share for source, share in cost.sources.items() if share >= LEAST}
    parts = [f"{share:.0%} {SOURCES[source]}" for source, share in shares.items()]
    if parts:
        yield f"time: {', '.join(parts)}"
    if Source.COUNTED in cost.sources:
        yield (
            f"reference: an A100 at {A100 / 1e12:.1f} teraflops, as full's 34,000 A100-hours imply"
            if gpu
            else f"reference: a server's core at {CORE / 1e9:.0f} gigaflops"
        )
        yield "--calibrate measures this machine instead"
    if (count := inputs.durations.side_by_side) > 1:
        yield f"trainings that share a GPU: {count}"
    if inputs.estimated:
        yield f"not prepared, so their sizes are estimated: {', '.join(inputs.estimated)}"


def as_data(cost: Cost, *, gpu: bool) -> dict[str, Any]:
    """A cost as JSON has it: without a GPU, all hours are those of cores."""
    steps = {
        each.step.name: {
            "jobs": each.jobs,
            "seconds": round(each.seconds, 1),
            "needs": asdict(each.needs),
        }
        for each in cost.steps
    }
    names = (
        *("experiments", "finished", "jobs", "trainings", "wall_seconds"),
        *("disk_gib", "peak_disk_gib", "kept_disk_gib"),
    )
    sources = {source.value: round(share, 4) for source, share in cost.sources.items()}
    hours = {
        "gpu_hours": cost.gpu_hours if gpu else 0.0,
        "core_hours": cost.core_hours + (0.0 if gpu else cost.gpu_hours),
    }
    counts = {name: getattr(cost, name) for name in names}
    return {**counts, **hours, "steps": steps, "sources": sources}
