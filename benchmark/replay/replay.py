"""A replay: methods are asked about a loop that a run has trained, and nothing is trained."""

import platform
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmark import layout
from benchmark.replay.answers import Answer, Ask, Go, Introduction
from benchmark.replay.find import Moment
from benchmark.replay.parent import Watcher, ask_all
from benchmark.replay.shared import disk_needed
from benchmark.submission.method_string import Method
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
class Wish:
    """How methods are asked."""

    device: str
    cores: int
    pictures: int
    """Patches a method whose scores are wanted."""
    folder: Path
    """For temporary files."""
    kept: Path | None
    """Where predictions are kept for the next replay; None: they are temporary, too."""


def replay(
    moment: Moment,
    methods: Sequence[Method],
    wish: Wish,
    watcher: Watcher,
    note: Callable[[str], None],
) -> list[Answer]:
    """Ask methods what they would query.

    Args:
        moment: before which query.
        methods: in the order in which they are asked.
        wish: how.
        watcher: called after each image.
        note: called with what the user should know.

    Raises:
        UserError: if a built-in method or a parameter of one doesn't exist.
    """
    for method in methods:
        _check_builtin(moment, method)
    info = PreparedDataset(moment.data).info
    workers = _workers(info, wish.cores)

    def plan(known: Sequence[Introduction]) -> Go:
        predicting = [each.needs & FOLDED for each in known if each.needs & FOLDED]
        wanted: frozenset[str] = frozenset().union(*predicting)
        if not predicting or not (len(predicting) > 1 or wish.pictures or wish.kept):
            return Go(shared=None, wanted=wanted)
        return Go(shared=_shared_folder(moment, info, wanted, wish, note), wanted=wanted)

    asks = [
        Ask(
            method=method,
            spec=_spec(moment, method),
            moment=moment,
            device=wish.device,
            workers=workers,
            scores=wish.folder / f"scores_{number}",
            pictures=wish.pictures,
            log=wish.folder / f"log_{number}.txt",
        )
        for number, method in enumerate(methods)
    ]
    return ask_all(asks, plan, watcher)


def _spec(moment: Moment, method: Method) -> Path | None:
    """The record of a submitted method of the run that is named by its id."""
    file = moment.root / layout.spec_file(method.written_id)
    return file if method.file is None and _is_submitted(file) else None


def _is_submitted(spec: Path) -> bool:
    return spec.is_file() and spec.with_name(f"{spec.name.removesuffix('.json')}.py").is_file()


def _check_builtin(moment: Moment, method: Method) -> None:
    from benchmark.submission.spec import describe

    if method.file is None and _spec(moment, method) is None:
        describe(method)


def _workers(info: PreparedInfo, cores: int) -> int:
    """Images to work on at the same time, so that half of the free memory is enough."""
    largest = max(_voxels(info))
    volumes = VOLUMES[0] * len(info.classes) + VOLUMES[1]
    fitting = usable_memory() // 2 // (4 * largest * volumes)
    return max(1, min(cores, fitting))


def _voxels(info: PreparedInfo) -> list[int]:
    return [case.shape[0] * case.shape[1] * case.shape[2] for case in info.pool]


def _shared_folder(
    moment: Moment,
    info: PreparedInfo,
    wanted: frozenset[str],
    wish: Wish,
    note: Callable[[str], None],
) -> Path | None:
    """Folder for predictions that methods share; None if the disk is too small for them."""
    place = wish.kept or wish.folder
    place.mkdir(parents=True, exist_ok=True)
    needed, free = (
        disk_needed(_voxels(info), len(info.classes), wanted),
        shutil.disk_usage(place).free,
    )
    if needed > FREE_SHARE * free:
        note(
            f"note: {place}: the pool's predictions take {size(needed)}, {size(free)} are free; "
            "each method predicts again (--keep names another folder)"
        )
        return None
    return place / _key(moment, info, wish.device)[:32]


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
