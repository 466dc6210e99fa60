"""A small track, made-up facts about its dataset, and made-up costs of jobs."""

from pathlib import Path

from benchmark import layout
from benchmark.forecast.facts import Facts
from benchmark.jobs import experiment_jobs
from benchmark.layout import Experiment
from benchmark.steps import Resources
from benchmark.tracks import Track
from nnactive.io.costs import Cost, cost_file
from nnactive.io.files import write_model, write_text
from nnactive.settings import Setting, Training

ONE_CORE = Resources(1, 1, ())
TWO_CORES = Resources(2, 1, ())
TWO_GPUS = Resources(16, 8, ("0", "1"))


def make_setting(name="s", loops=3, **training) -> Setting:
    return Setting(
        name=name,
        dataset="phantom",
        regime="r",
        patch_size=(4, 4, 4),
        starting_budget=1,
        query_size=1,
        loops=loops,
        training=Training(**({"folds": 2, "epochs": 4, "iterations": 5} | training)),
    )


def make_track(*settings: Setting, methods=("random", "bald"), seeds=(1, 2), query=None) -> Track:
    return Track(
        name="toy",
        title="Toy",
        description="",
        comparable=False,
        settings=settings or (make_setting(),),
        methods=methods,
        query=query,
        seeds=seeds,
    )


def make_facts(**changes) -> Facts:
    fields = {
        "name": "phantom",
        "prepared": False,
        "spacing": (1.0, 1.0, 1.0),
        "channels": 1,
        "classes": 4,
        "pool": ((22, 22, 22),) * 24,
        "test": ((22, 22, 22),) * 8,
    }
    return Facts(**(fields | changes))


def record(root: Path, experiment: Experiment, setting: Setting, seconds: dict[str, float]) -> None:
    """As if an experiment had run, with these seconds by step."""
    write_model(root / layout.setting_file(setting.name), setting)
    for job in experiment_jobs(Path(), setting, experiment):
        output = root / job.output
        if job.step.is_folder:
            output.mkdir(parents=True, exist_ok=True)
        else:
            write_text(output, "{}")
        if job.step.has_cost:
            cost = Cost(
                seconds=seconds.get(job.step.name, 1.0),
                peak_memory_gib=0.9,
                device="cpu" if job.step.gpu else "",
            )
            write_model(cost_file(output), cost)
