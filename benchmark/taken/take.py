"""Step: take a loop's patches from the run of another track that chose them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmark import layout
from benchmark.chain.images import Checksums
from nnactive.errors import RefusedError
from nnactive.io.files import read_model, sha256
from nnactive.io.queries import ChosenIn, Query, load_query, save_query
from nnactive.io.seals import is_intact, read_seal
from nnactive.settings import Setting

AGREEING: Final = ("dataset", "patch_size", "starting_budget", "query_size", "loops")
"""What the setting there must have in common with the one here."""


@dataclass(frozen=True)
class Wanted:
    """One loop of an experiment, in the track's folder."""

    setting: Setting
    """Names the track whose queries it trains on."""
    experiment: layout.Experiment
    loop: int

    @property
    def sources(self) -> tuple[Path, Path]:
        """Files of loop 0 and of this loop in the other track, relative to this track's folder."""
        return layout.query_files_elsewhere(self.source, self.experiment, self.loop)

    @property
    def source(self) -> str:
        """Name of the other track."""
        if self.setting.queries is None:
            raise ValueError(f"setting {self.setting.name} takes no queries")
        return self.setting.queries.track


def take(wanted: Wanted, start: Path, out: Path) -> dict[str, str]:
    """Write a loop file with the patches that the other track's run chose for the same loop.

    Runs in the track's folder, as all steps do.

    Args:
        wanted: the loop, from loop 1 on.
        start: this track's file of loop 0, which must have the same patches as the other track's.
        out: where to write.

    Returns:
        Digest of each file of the other track by its path, for the seal.

    Raises:
        RefusedError: if a file is missing or damaged, or isn't of the same dataset, patch size,
            budgets, method, seed and starting budget.
    """
    first, own = wanted.sources
    read = {str(path): _intact(path, wanted) for path in (first, own)}
    _check_setting(wanted)
    _check_data(wanted)
    taken = load_query(own)
    _check_query(taken, wanted, own)
    if load_query(first).patches != load_query(start).patches:
        raise RefusedError(
            f"{first}: another starting budget than {start}, from which the queries went on; "
            "make both with one version of the benchmark"
        )
    chosen = ChosenIn(track=wanted.source, digest=sha256(own))
    save_query(out, taken.model_copy(update={"chosen_in": chosen, "state": None}))
    return read


def _intact(path: Path, wanted: Wanted) -> str:
    again = f"track {wanted.source}"
    if not path.is_file():
        raise RefusedError(f"{path}: not there; first finish {wanted.experiment} of {again}")
    made = read_seal(path)
    if made is None:
        return sha256(path)  # of a version without seals
    if not is_intact(path, made):
        raise RefusedError(f"{path}: is not what its step wrote; run {again} again to restore it")
    return made.digest


def _check_setting(wanted: Wanted) -> None:
    file = layout.elsewhere(wanted.source) / layout.setting_file(wanted.setting.name)
    if not file.is_file():
        raise RefusedError(f"{file}: not there; run track {wanted.source} again")
    other = read_model(file, Setting)
    for field in AGREEING:
        ours, theirs = getattr(wanted.setting, field), getattr(other, field)
        if ours != theirs:
            raise RefusedError(
                f"{file}: {field} is {theirs}, and {ours} in the track that takes its queries; "
                "give both settings the same"
            )


def _check_data(wanted: Wanted) -> None:
    name = wanted.setting.dataset
    place = layout.elsewhere(wanted.source) / layout.datasets_file()
    if not place.is_file():
        return
    theirs = read_model(place, Checksums).checksums.get(name)
    ours = read_model(layout.datasets_file(), Checksums).checksums.get(name)
    if theirs is not None and ours is not None and theirs != ours:
        raise RefusedError(
            f"{place}: {name} was another prepared dataset there; run track {wanted.source} on the "
            "present one first"
        )


def _check_query(taken: Query, wanted: Wanted, path: Path) -> None:
    setting, experiment = wanted.setting, wanted.experiment
    asked = {
        "dataset": setting.dataset,
        "setting": setting.name,
        "method": experiment.method,
        "seed": experiment.seed,
        "loop": wanted.loop,
    }
    for field, value in asked.items():
        if getattr(taken, field) != value:
            raise RefusedError(
                f"{path}: {field} is {getattr(taken, field)!r:.60}, not {value!r:.60}; "
                f"run track {wanted.source} again"
            )
    sizes = {patch.size for patch in taken.patches}
    fits = all(
        size <= most for each in sizes for size, most in zip(each, setting.patch_size, strict=True)
    )
    if len(taken.patches) != setting.query_size or not fits:
        raise RefusedError(
            f"{path}: not {setting.query_size} patches of at most {setting.patch_size} voxels; "
            f"run track {wanted.source} again"
        )
