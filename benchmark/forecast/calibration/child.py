"""The calibrating process: trains and predicts with the real trainer and ensemble, and times it."""

import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmark.forecast.calibration.trial import ANSWER, ASKED, GO, READY, STAGES, Answer, Trial
from benchmark.forecast.network.counts import tiles
from nnactive.devices import AUTO, CPU, peak_memory_gib, pick_device
from nnactive.geometry import Patch, Triple, as_triple
from nnactive.io.files import read_json, read_model, write_json, write_model, write_text
from nnactive.io.formatting import duration

if TYPE_CHECKING:
    import numpy as np

CASES: Final = ("a", "b")
WARM: Final = 2
"""Iterations before anything is timed."""
FEWEST: Final = 2
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
    # Preparing the synthetic data isn't part of a training; the imports are, and begin it.
    clock = Clock(folder, asked)
    member, iteration, setup = train_some(asked, train, folder, device, clock)
    load, tile = predict(asked, train, member, device, clock) if asked.predict else (0.0, 1.0)
    import torch

    answer = Answer(
        torch=torch.__version__,
        setup_seconds=setup + clock.imports,
        iteration_seconds=iteration,
        load_seconds=load + clock.imports,
        tile_seconds=tile,
        memory_gib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        device_memory_gib=peak_memory_gib(device),
    )
    clock.tell(f"done in {duration(time.monotonic() - begin)}")
    write_model(folder / ANSWER, answer)
    return 0


class Clock:
    """Tells the stages, and waits for processes that measure at the same time."""

    def __init__(self, folder: Path, asked: Trial) -> None:
        """Import the trainer, and note how long that takes."""
        self.folder, self.asked = folder, asked
        begin = time.monotonic()
        import nnactive.nnunet.predict.ensemble
        import nnactive.nnunet.trainer  # noqa: F401

        self.imports = time.monotonic() - begin

    def tell(self, stage: str) -> None:
        """Note a stage, for people."""
        with (self.folder / STAGES).open("a") as file:
            file.write(f"{stage}\n")

    def wait(self) -> None:
        """Wait until all processes are ready."""
        write_text(self.folder / READY, "")
        end = time.monotonic() + WAIT
        while not (self.folder / GO).exists() and time.monotonic() < end:
            time.sleep(0.01)


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
    import torch

    from nnactive.nnunet.environment import environment, quiet
    from nnactive.nnunet.plans import CONFIGURATION
    from nnactive.nnunet.predict import members
    from nnactive.nnunet.trainer import CHECKPOINT_FINAL
    from nnactive.nnunet.training_folder import training_dataset_json, training_plans

    begin = time.monotonic()
    variables = {
        "nnUNet_preprocessed": str(train),
        "nnUNet_results": str(folder / "scratch"),
        "nnUNet_compile": str(members._compiled(asked.training)),  # noqa: SLF001  (as it trains)
        **({} if asked.gpu else {"nnUNet_n_proc_DA": "0"}),
    }
    with environment(variables), quiet():
        trainer = timed_trainer(clock)(
            plans=training_plans(train) | {"continue_training": False},
            configuration=CONFIGURATION,
            fold=0,
            dataset_json=training_dataset_json(train),
            device=torch.device(device),
        )
        trainer.num_epochs = 3
        trainer.run_training()
    checkpoint = Path(trainer.output_folder) / CHECKPOINT_FINAL
    content = torch.load(checkpoint, map_location="cpu", weights_only=False)
    axes = content["inference_allowed_mirroring_axes"]
    member = folder / "member.pth"
    axes = None if axes is None else tuple(axes)
    torch.save({"weights": content["network_weights"], "mirror_axes": axes}, member)
    iteration = trainer.seconds[-1] / trainer.counts[-1]
    counted = WARM * iteration + sum(trainer.seconds[1:]) + trainer.waited
    return member, iteration, max(0.0, time.monotonic() - begin - counted)


def timed_trainer(clock: Clock) -> Any:
    """The class of a trainer of three epochs: one to warm up, one to time, one to measure."""
    from nnactive.nnunet.trainer import PartialLabelTrainer

    class Timed(PartialLabelTrainer):
        # nnU-Net asks for the arguments by these names.
        def __init__(
            self,
            plans: dict[str, Any],
            configuration: str,
            fold: int,
            dataset_json: dict[str, Any],
            device: Any,
        ) -> None:
            super().__init__(plans, configuration, fold, dataset_json, device)
            self.most = int(self.num_iterations_per_epoch)
            self.num_iterations_per_epoch = WARM
            self.seconds: list[float] = []
            self.counts: list[int] = []
            self.waited = 0.0

        def on_epoch_start(self) -> None:
            self.since = time.monotonic()
            super().on_epoch_start()

        def on_epoch_end(self) -> None:
            super().on_epoch_end()
            self.seconds.append(time.monotonic() - self.since)
            self.counts.append(int(self.num_iterations_per_epoch))
            if len(self.seconds) == 2:  # noqa: PLR2004  (the next one is measured)
                each = self.seconds[-1] / self.counts[-1]
                count = int(clock.asked.seconds / each)
                self.num_iterations_per_epoch = max(FEWEST, min(self.most, count))
                left = duration(each * self.num_iterations_per_epoch)
                clock.tell(f"{self.num_iterations_per_epoch} iterations, about {left}")
                begin = time.monotonic()
                clock.wait()
                self.waited = time.monotonic() - begin

    return Timed


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
