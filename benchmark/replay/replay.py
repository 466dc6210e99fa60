"""A replay: methods are asked about a loop that a run has trained, and nothing is trained."""

import platform
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from benchmark import layout
from benchmark.replay.answers import Answer, Ask, Go, Introduction
from benchmark.replay.find import Moment
from benchmark.replay.parent import Watcher, ask_all
from benchmark.replay.shared import disk_needed
from benchmark.submission.method_class import as_query
from benchmark.submission.method_string import Method
from benchmark.submission.spec import make
from nnactive.data.memory import usable_memory
from nnactive.data.prepared import PreparedDataset, PreparedInfo
from nnactive.io.files import sha256
from nnactive.io.formatting import size
from nnactive.query.checkpoint import code_hash, key_of
from nnactive.query.prediction import FOLDED

FREE_SHARE = 0.8
"""Share of the free disk that predictions may take."""
VOLUMES = (3, 16)
"""Volumes of float32 in memory for an image in progress: by class, and further ones."""


@dataclass(frozen=True)
class Options:
    """How methods are asked."""

    device: str
    cores: int
    pictures: int
    """Patches a method whose scores are wanted."""
    folder: Path
    """For temporary files."""
    predictions: Path
    """Folder of predictions that earlier replays kept."""
    keep: bool
    """Whether to keep these there, too; otherwise they are temporary."""


def replay(
    moment: Moment,
    methods: Sequence[Method],
    options: Options,
    watcher: Watcher,
    note: Callable[[str], None],
) -> list[Answer]:
    """Ask methods what they would query.

    Args:
        moment: before which query.
        methods: in the order in which they are asked.
        options: how.
        watcher: called after each image.
        note: called with what the user should know.

    Raises:
        UserError: if a built-in method or a parameter of one doesn't exist.
    """
    for method in methods:
        _check_builtin(moment, method)
    info = PreparedDataset(moment.data).info
    workers = _workers(info, options.cores)
    trains = _trains(moment, options.folder / "train")

    def plan(known: Sequence[Introduction]) -> Go:
        predicting = [each.needs & FOLDED for each in known if each.needs & FOLDED]
        wanted: frozenset[str] = frozenset().union(*predicting)
        kept = _kept(moment, info, options)
        if not predicting or kept.is_dir():
            return Go(shared=kept if predicting else None, wanted=wanted)
        several = len(predicting) > 1 or options.pictures
        folder = kept if options.keep else options.folder / "predictions" if several else None
        if options.keep:  # those of an earlier release, or of an ensemble that was trained again
            shutil.rmtree(kept.parent, ignore_errors=True)
        if folder and not _has_room(folder, info, wanted, note):
            folder = None
        return Go(shared=folder, wanted=wanted)

    asks = [
        Ask(
            method=method,
            spec=_spec(moment, method),
            moment=moment,
            trains=trains,
            device=options.device,
            workers=workers,
            folder=options.folder.resolve() / f"out_{number}",
            scores=options.folder / f"scores_{number}",
            pictures=options.pictures,
            log=options.folder / f"log_{number}.txt",
        )
        for number, method in enumerate(methods)
    ]
    return ask_all(asks, plan, watcher)


def _trains(moment: Moment, place: Path) -> dict[Path, Path]:
    """Training folders of all loops before, each with one whose dataset is where it is now."""
    from nnactive.nnunet.training_folder import stand_in

    description = PreparedDataset(moment.data).dataset_json_file
    earlier = [replace(moment, loop=loop).train for loop in range(1, moment.loop + 1)]
    return {
        train: stand_in(train, place / str(number), dataset_json_file=description)
        for number, train in enumerate(earlier)
    }


def _spec(moment: Moment, method: Method) -> Path | None:
    """The record of a method of the run, if the METHOD is its id."""
    file = moment.root / layout.spec_file(method.written_id) if method.file is None else None
    return file if file and file.is_file() else None


def _check_builtin(moment: Moment, method: Method) -> None:
    if method.file is None and _spec(moment, method) is None:
        as_query(make(method)[1], method.string)


def _workers(info: PreparedInfo, cores: int) -> int:
    """Images to work on at the same time, so that half of the free memory is enough."""
    largest = max(_voxels(info))
    volumes = VOLUMES[0] * len(info.classes) + VOLUMES[1]
    fitting = usable_memory() // 2 // (4 * largest * volumes)
    return max(1, min(cores, fitting))


def _voxels(info: PreparedInfo) -> list[int]:
    return [case.shape[0] * case.shape[1] * case.shape[2] for case in info.pool]


def _has_room(
    folder: Path, info: PreparedInfo, wanted: frozenset[str], note: Callable[[str], None]
) -> bool:
    """Make the folder for predictions that methods share, if the disk can take them."""
    folder.mkdir(parents=True, exist_ok=True)
    needed = disk_needed(_voxels(info), len(info.classes), wanted)
    free = shutil.disk_usage(folder).free
    if needed <= FREE_SHARE * free:
        return True
    folder.rmdir()
    note(
        f"note: {folder.parent}: the pool's predictions take {size(needed)} and {size(free)} are "
        "free, so each method predicts again"
    )
    return False


def _kept(moment: Moment, info: PreparedInfo, options: Options) -> Path:
    """Folder for predictions that are kept: of the loop, and of all that they depend on."""
    loop = layout.loop_folder(moment.experiment, moment.loop - 1)
    key = _key(moment, info, options.device)[:32]
    return options.predictions / moment.root.name / loop / key


def _key(moment: Moment, info: PreparedInfo, device: str) -> str:
    """A hash of everything a prediction depends on."""
    from nnactive.methods import QueryMethod

    plans = [sha256(path) for path in sorted(moment.train.glob("*/plans.json"))]
    return key_of(
        [
            info.checksum,
            plans,
            [sha256(path) for path in moment.members],
            moment.setting.inference.query_tile_step,
            (device, platform.node()),
            code_hash(QueryMethod),
            version("torch"),
        ]
    )
