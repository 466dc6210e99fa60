"""What a step cost, in ``<output>.cost.json`` beside its output."""

import resource
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import NonNegativeFloat, ValidationError

from nnactive.devices import peak_memory_gib
from nnactive.errors import UserError
from nnactive.io.files import read_model, write_model
from nnactive.io.leases import confirm
from nnactive.io.models import NewerFileError, StateFile
from nnactive.io.seals import read_seal, seal, seal_file


class Cost(StateFile):
    """Duration in s and peak memory in GiB of one step's process."""

    seconds: NonNegativeFloat
    peak_memory_gib: NonNegativeFloat
    device: str
    device_memory_gib: NonNegativeFloat | None = None
    """Peak memory of the accelerator in GiB; None without one."""
    commit: str = "unknown"
    """Git commit of the code that ran the step."""
    taken_from: str | None = None
    """The output of another experiment with the same patches, whose training this is; the other
    fields are those of that training. None: made by this experiment."""


@dataclass
class Used:
    """What a process that the step started took, for which the step's own figures don't stand."""

    peak_memory_gib: float = 0.0
    device: str | None = None
    """None: the step's own."""
    device_memory_gib: float | None = None


def cost_file(output: Path) -> Path:
    """Cost of the step that writes ``output``."""
    return output.parent / f"{output.name}.cost.json"


def read_cost(output: Path) -> Cost:
    """Read the cost of the step that wrote ``output``; its seal has it, too, if the file is broken.

    Raises:
        UserError: if neither has one, or they differ.
    """
    sealed = _sealed_cost(output)
    try:
        cost = read_model(cost_file(output), Cost)
    except NewerFileError:
        raise
    except UserError:
        if sealed is None:
            raise
        return sealed
    if sealed is not None and cost != sealed:
        raise UserError(
            f"{cost_file(output)}: not the cost that {seal_file(output).name} has; "
            "remove that file and run again"
        )
    return cost


def _sealed_cost(output: Path) -> Cost | None:
    made = read_seal(output)
    try:
        return Cost.model_validate(made.cost) if made is not None and made.cost else None
    except ValidationError:
        return None


@contextmanager
def measured(
    output: Path,
    device: str = "cpu",
    commit: str = "unknown",
    inputs: Mapping[str, str] | None = None,
    used: Used | None = None,
) -> Iterator[Path]:
    """Measure the block, which writes to the given draft instead of to ``output``.

    When the block ends well, seal and cost are written and then the draft is renamed: an output
    always has both, even after a kill.

    Args:
        output: a file or folder.
        device: what the step computed on.
        commit: of the code that ran.
        inputs: digest of each input as the step read it.
        used: what the block says that another process took, once it has ended.

    Raises:
        LeaseLostError: if another process took over the lease under which this one runs.
    """
    draft = output.with_name(f".{output.name}")
    begin = time.monotonic()
    yield draft
    confirm()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    if used is not None and used.device is not None:
        peak, device, held = max(peak, used.peak_memory_gib), used.device, used.device_memory_gib
    else:
        held = peak_memory_gib(device)
    cost = Cost(
        seconds=round(time.monotonic() - begin, 3),
        peak_memory_gib=round(peak, 4),
        device=device,
        device_memory_gib=None if held is None else round(held, 4),
        commit=commit,
    )
    seal(draft, output, inputs or {}, cost=cost.model_dump(mode="json"))
    write_model(cost_file(output), cost)
    draft.replace(output)
