"""What every step's command does around its work: checks, cost and seal, and why it failed."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from benchmark.results import FailureKind
    from nnactive.io.costs import Used


@contextmanager
def reported(out: Path, loop: int = 0, fold: int = 0) -> Iterator[None]:
    """Write the reason beside ``out`` if the step that this command runs fails for a known one."""
    from benchmark.execution.ends import LONGEST_REASON
    from benchmark.layout import failure_file
    from benchmark.results import Failure
    from benchmark.steps import step_of_command
    from nnactive.errors import DamagedError, NnactiveError, RefusedError, Stopped, UserError
    from nnactive.io.files import write_model
    from nnactive.io.leases import LeaseLostError

    failed = failure_file(out)
    step = step_of_command(str(click.get_current_context().info_name))
    key = step.key(fold)
    try:
        yield
    except (DamagedError, LeaseLostError, RefusedError, Stopped):
        raise  # the experiment hasn't failed
    except NnactiveError as error:
        kind = _kind(error) if step.runs_method else None
        if step.runs_method and kind is None and not isinstance(error, UserError):
            raise  # the step's own failure, such as a box that can't be made
        text = " ".join(str(error).split())
        text = text if kind is None else text[:LONGEST_REASON]
        write_model(failed, Failure(step=key, loop=loop, reason=text, kind=kind))
        raise
    failed.unlink(missing_ok=True)


def _kind(error: BaseException) -> "FailureKind | None":
    """Class of the failed row of a method that is to blame for an error; None if it isn't."""
    from benchmark.boxed.judged import MethodFailedError
    from benchmark.execution.ends import failure_kind
    from nnactive.errors import MethodError, PredictionError

    if isinstance(error, MethodFailedError):
        return error.kind
    return failure_kind(error) if isinstance(error, MethodError | PredictionError) else None


def checked_pool(data: Path, *paths: Path) -> dict[str, str]:
    """As `checked`, with all images of the pool."""
    from nnactive.data.prepared import PreparedDataset

    dataset = PreparedDataset(data)
    for case in dataset.info.pool:
        dataset.check(dataset.image_file(case.id))
    return checked(data, *paths)


def checked(data: Path | None, *paths: Path) -> dict[str, str]:
    """Check what a step reads; the digests of its inputs, and the checksum of its dataset."""
    from benchmark.chain.check import check_inputs
    from benchmark.chain.images import check_dataset

    read = {} if data is None else check_dataset(data)
    return {**check_inputs(paths, click.echo), **read}


def draft(
    out: Path,
    device: str = "cpu",
    inputs: Mapping[str, str] | None = None,
    used: "Used | None" = None,
) -> AbstractContextManager[Path]:
    """Where to write; when the block ends well, seal and cost are written and ``out`` is named."""
    from benchmark.provenance import code_commit
    from nnactive.io.costs import measured

    return measured(out, device, code_commit(), inputs, used)
