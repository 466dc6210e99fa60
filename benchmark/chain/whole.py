"""Whether an experiment hangs together, before its result is collected."""

from collections.abc import Callable
from pathlib import Path

from benchmark import layout
from benchmark.chain.breaks import find_breaks
from benchmark.chain.check import check_inputs, check_part
from benchmark.jobs import experiment_jobs
from benchmark.layout import Experiment
from benchmark.steps import Per
from nnactive.errors import DamagedError
from nnactive.settings import Setting
from nnactive.steps.annotate import LABELLED


def check_experiment(
    setting: Setting,
    experiment: Experiment,
    data: Path,
    note: Callable[[str], None] = lambda _: None,
) -> dict[str, str]:
    """Check the files that a result is collected from, and that they are of one history.

    Args:
        setting: the experiment's.
        experiment: its files lie below the current folder, the track's.
        data: the prepared dataset.
        note: told of what can't be checked.

    Returns:
        Digest of each, for the result's seal.

    Raises:
        DamagedError: if one is not what its step wrote, or was made from something else.
    """
    loops = range(setting.loops)
    files = [layout.spec_file(experiment.method)]
    for loop in loops:
        files += [layout.query_file(experiment, loop), layout.evaluation_file(experiment, loop)]
    read = check_inputs(files, note)
    for loop in loops:
        train = layout.train_folder(experiment, loop)
        if (found := check_part(train, LABELLED)) is not None:
            read[str(train)] = found
    jobs = [
        job
        for job in experiment_jobs(data, setting, experiment)
        if job.step.per is not Per.EXPERIMENT
    ]
    for each in find_breaks(Path(), jobs):
        if not each.dropped:
            raise DamagedError(
                f"{each.job.output}: made from another {each.origin}, which {each.why}; "
                "both are made again"
            )
    return read
