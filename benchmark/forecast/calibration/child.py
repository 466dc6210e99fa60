"""The calibrating process: trains and predicts with the real trainer and ensemble, and times it."""

import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmark.forecast.calibration.trial import ANSWER, ASKED, GO, READY, STAGES, Answer, Trial
from benchmark.forecast.network.counts import tiles
from nnactive.devices import AUTO, CPU, c_compiler, is_gpu, peak_memory_gib, pick_device
from nnactive.geometry import Patch, Triple, as_triple
from nnactive.io.files import read_json, read_model, write_json, write_model, write_text
from nnactive.io.formatting import duration

if TYPE_CHECKING:
    import numpy as np

CASES: Final = ("a", "b")
WARM: Final = 2
"""Iterations before anything is timed."""
FEWEST: Final = 2
ENDLESS: Final = 1_000_000
"""Epochs that the trainer is told of: its learning rate isn't defined after the last."""
MARGIN: Final = 1.25
"""Size of a synthetic image in network patches, where the dataset's are larger."""
MOST_TILES: Final = 8
"""Images of more tiles are cut for the prediction."""
WAIT: Final = 600.0
"""Seconds that a process waits for the others."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what the file in the given folder asks, and write the answer there."""
    folder = Path((arguments or sys.argv[1:])[0])
    asked = read_model(folder / ASKED, Trial)
    begin = time.monotonic()
    device = pick_device(AUTO if asked.gpu else CPU)
    train = make_training_folder(asked, folder)
    clock = Clock(folder)
    import_all()
    member, iteration, setup = train_some(asked, train, folder, device, clock)
    load, tile = predict(asked, train, member, device, clock) if asked.predict else (0.0, 1.0)
    import torch

    answer = Answer(
        torch=torch.__version__,
        setup_seconds=setup,
        iteration_seconds=iteration,
        load_seconds=load,
        tile_seconds=tile,
        memory_gib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        device_memory_gib=peak_memory_gib(device),
    )
    clock.tell(f"done in {duration(time.monotonic() - begin)}")
    write_model(folder / ANSWER, answer)
    return 0


class Clock:
    """Tells the stages, and waits for processes that measure at the same time."""

    def __init__(self, folder: Path) -> None:
        """Use a folder that the parent looks into."""
        self.folder = folder

    def tell(self, stage: str) -> None:
        """Note a stage, for people."""
        with (self.folder / STAGES).open("a") as file:
            file.write(f"{stage}\n")

    def wait(self) -> float:
        """Wait until all processes are ready; returns for how many seconds."""
        begin = time.monotonic()
        write_text(self.folder / READY, "")
        while not (self.folder / GO).exists() and time.monotonic() < begin + WAIT:
            time.sleep(0.01)
        return time.monotonic() - begin


def import_all() -> None:
    """Import what a run imports once, before it starts jobs."""
    import nnactive.nnunet.predict.ensemble
    import nnactive.nnunet.trainer  # noqa: F401


def image_size(asked: Trial, patch: Triple) -> Triple:
    """Size of the synthetic training images."""
    pairs = zip(asked.median, patch, strict=True)
    return as_triple([min(n, int(MARGIN * p)) for n, p in pairs])


def make_training_folder(asked: Trial, folder: Path) -> Path:
    """A training folder of two synthetic cases, each with one labelled patch."""
    import numpy as np

    from nnactive.nnunet.planning import describe, plan
    from nnactive.nnunet.plans import network_patch
    from nnactive.nnunet.store import write_volume
    from nnactive.nnunet.training_folder import class_locations, write_training_folder

    rng = np.random.default_rng(0)
    names = ["background", *(f"class {number}" for number in range(1, asked.classes))]
    description = describe(names, ["zscore"] * asked.channels, asked.cases)
    measured = {
        "spacings": [list(asked.spacing)] * asked.cases,
        "shapes_after_crop": [list(asked.median)] * asked.cases,
        "foreground_intensity_properties_per_channel": {
            str(channel): dict.fromkeys(STATISTICS, 1.0) for channel in range(asked.channels)
        },
        "median_relative_size_after_cropping": 1.0,
    }
    name = "Dataset999_Calibration"
    plans = read_json(asked.plans) if asked.plans else plan(name, description, measured)
    files = {name: folder / f"{name}.json" for name in ("plans", "dataset", "fingerprint")}
    for file, content in zip(files.values(), (plans, description, measured), strict=True):
        write_json(file, content)
    size = image_size(asked, as_triple(network_patch(plans)))
    for case in CASES:
        image = rng.standard_normal((asked.channels, *size), dtype=np.float32)
        write_volume(folder / f"{case}.b2nd", image, network_patch(plans))
    box = as_triple([min(n, p) for n, p in zip(size, asked.query_patch, strict=True)])

    def relabel(case: str) -> "tuple[np.ndarray, dict[Any, np.ndarray]]":
        label = np.full(size, asked.classes, np.int16)
        patch = Patch(case, (0, 0, 0), box)
        label[patch.slices] = rng.integers(0, asked.classes, box)
        return label, class_locations(label, [patch], asked.classes, rng)

    train = folder / "train"
    write_training_folder(
        train,
        plans_file=files["plans"],
        dataset_json_file=files["dataset"],
        fingerprint_file=files["fingerprint"],
        training=asked.training,
        images={case: folder / f"{case}.b2nd" for case in CASES},
        fresh=list(CASES),
        relabel=relabel,
        previous=None,
        done=folder / "done",
        validation_folds=[[case] for case in CASES],
        notes={},
    )
    return train


STATISTICS: Final = (
    *("mean", "median", "std", "min", "max"),
    *("percentile_99_5", "percentile_00_5"),
)


def train_some(
    asked: Trial, train: Path, folder: Path, device: str, clock: Clock
) -> tuple[Path, float, float]:
    """Train some iterations; returns the member, seconds an iteration, and seconds beside them."""
    from nnactive.nnunet.environment import environment, quiet
    from nnactive.nnunet.predict.members import Member, save_member

    begin = time.monotonic()
    with environment(variables_for(asked, folder, train, device)), quiet():
        trainer = make_trainer(train, device)
        trainer.num_epochs = ENDLESS
        trainer.on_train_start()
        epoch(trainer, WARM)  # kernels are compiled and chosen
        each = epoch(trainer, WARM) / WARM
        count = max(FEWEST, int(asked.seconds / each))
        clock.tell(f"iterations of about {each:.2g} s, about {duration(each * count)} left")
        waited = clock.wait()
        took = done = 0.0
        while done < count:
            # As long as the setting's epochs, whose ends take time, too.
            some = min(asked.training.iterations, count)
            took += epoch(trainer, some)
            done += some
        network = getattr(trainer.network, "_orig_mod", trainer.network)
        axes = trainer.inference_allowed_mirroring_axes
        weights = {name: value.cpu() for name, value in network.state_dict().items()}
    member = folder / "member.pth"
    save_member(member, Member(weights, None if axes is None else tuple(axes)))
    counted = 2 * WARM * each + took + waited
    return member, took / done, max(0.0, time.monotonic() - begin - counted)


def variables_for(asked: Trial, folder: Path, train: Path, device: str) -> dict[str, str]:
    """The environment of a training, as `nnactive.nnunet.training.member` sets it."""
    from nnactive.nnunet.training.kernels import kernel_variables
    from nnactive.nnunet.training.member import COMPILE_FROM
    from nnactive.nnunet.workers import WORKERS, data_workers

    long = asked.training.epochs * asked.training.iterations >= COMPILE_FROM
    return {
        "nnUNet_preprocessed": str(train),
        "nnUNet_results": str(folder / "scratch"),
        "nnUNet_compile": str(long and c_compiler() is not None),
        WORKERS: str(data_workers(device)),
        **kernel_variables(device),
    }


def make_trainer(train: Path, device: str) -> Any:
    """The trainer of every track, for the first fold."""
    import torch

    from nnactive.nnunet.plans import CONFIGURATION
    from nnactive.nnunet.trainer import PartialLabelTrainer
    from nnactive.nnunet.training.kernels import limit_compilers
    from nnactive.nnunet.training_folder import training_dataset_json, training_plans
    from nnactive.nnunet.workers import job_threads

    if is_gpu(device):
        limit_compilers(job_threads())
    return PartialLabelTrainer(
        plans=training_plans(train) | {"continue_training": False},
        configuration=CONFIGURATION,
        fold=0,
        dataset_json=training_dataset_json(train),
        device=torch.device(device),
    )


def epoch(trainer: Any, iterations: int) -> float:
    """Train an epoch of so many iterations; returns its seconds."""
    begin = time.monotonic()
    trainer.on_epoch_start()
    trainer.on_train_epoch_start()
    steps = [trainer.train_step(next(trainer.dataloader_train)) for _ in range(iterations)]
    trainer.on_train_epoch_end(steps)
    trainer.on_epoch_end()
    return time.monotonic() - begin


def predict(
    asked: Trial, train: Path, member: Path, device: str, clock: Clock
) -> tuple[float, float]:
    """Segment an image twice; returns seconds before the first tile, and seconds a tile."""
    import numpy as np

    from nnactive.nnunet.predict.ensemble import Ensemble

    begin = time.monotonic()
    mirror = asked.training.mirror and asked.inference.test_mirror
    step = asked.inference.test_tile_step
    ensemble = Ensemble(train, [member], device=device, tile_step=step, mirror=mirror)
    size = asked.median
    while tiles(size, ensemble.tile, step) > MOST_TILES:
        axis = max(range(3), key=lambda a: size[a] / ensemble.tile[a])
        pairs = enumerate(zip(size, ensemble.tile, strict=True))
        size = as_triple([max(t, int(n * 0.75)) if a == axis else n for a, (n, t) in pairs])
    clock.tell("two predictions")
    shape = (asked.channels, *size)
    image = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
    times = []
    for _ in range(2):
        since = time.monotonic()
        ensemble.labels(image)
        times.append(time.monotonic() - since)
    passes = tiles(size, ensemble.tile, step) * (8 if mirror else 1)
    return time.monotonic() - begin - 2 * times[-1], times[-1] / passes


if __name__ == "__main__":
    sys.exit(main())
