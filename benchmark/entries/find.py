"""Which methods a runs folder holds, and how far each has got."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmark import layout
from benchmark.results import load_result
from benchmark.submission.spec import MethodSpec
from nnactive.errors import UserError
from nnactive.io.files import read_model
from nnactive.io.queries import START

DAMAGED: Final = "damaged"


@dataclass(frozen=True)
class Entry:
    """One method in one track's folder."""

    root: Path
    """The track's folder."""
    method: str
    """Method id."""
    origin: str
    """builtin or submission; ``DAMAGED`` if its record can't be read."""
    complete: int
    """Experiments with a complete result."""
    failed: int
    """Experiments that ended with a failure."""
    unfinished: int
    """Experiments that have begun and have no result."""
    size: int
    """Bytes on disk, without the starting budget's loop, which methods share."""

    @property
    def folders(self) -> list[Path]:
        """The folders of its experiments."""
        return experiment_folders(self.root, self.method)

    def chosen(self, seeds: Sequence[int] = (), *, failed: bool = False) -> list[Path]:
        """The folders of some of its experiments.

        Args:
            seeds: only those of these seeds; none given: of all.
            failed: only those that ended with a failure.
        """
        names = {f"seed_{seed}" for seed in seeds}
        return [
            each
            for each in self.folders
            if (not names or each.name in names) and (not failed or _state(each) == "failed")
        ]


def entries(runs: Path, track: str | None = None) -> list[Entry]:
    """The methods in a runs folder, by track, then id.

    Args:
        runs: the runs folder.
        track: only this track's.

    Raises:
        UserError: if there is no run of that track, or no run at all.
    """
    roots = sorted(file.parent for file in runs.glob(f"*/{layout.track_file()}"))
    chosen = [root for root in roots if track in {None, root.name}]
    if not chosen:
        there = f"; it has {', '.join(root.name for root in roots)}" if roots else ""
        what = f"no run of track {track}" if track else "no runs"
        raise UserError(f"{runs}: {what}{there}; name another folder with --runs")
    return [entry for root in chosen for entry in _entries(root)]


def experiment_folders(root: Path, method: str) -> list[Path]:
    """Folders of a method's experiments in a track's folder, sorted."""
    # Compared and not globbed: an id may hold brackets.
    settings = [each for each in sorted(root.iterdir()) if each.is_dir()]
    return sorted(
        seed for each in settings for seed in (each / method).glob("seed_*") if seed.is_dir()
    )


def _entries(root: Path) -> Iterator[Entry]:
    for name in _ids(root):
        folders = experiment_folders(root, name)
        states = [_state(folder) for folder in folders]
        yield Entry(
            root=root,
            method=name,
            origin=_origin(root, name),
            complete=states.count("complete"),
            failed=states.count("failed"),
            unfinished=states.count(""),
            size=sum(_size(folder) for folder in folders),
        )


def _ids(root: Path) -> list[str]:
    found = {file.name.removesuffix(".json") for file in layout.spec_files(root)}
    return sorted(found - {START})


def _origin(root: Path, method: str) -> str:
    try:
        return read_model(root / layout.spec_file(method), MethodSpec).record.origin
    except UserError:
        return DAMAGED


def _state(folder: Path) -> str:
    result = folder / layout.RESULT
    if not result.exists():
        return ""
    try:
        return load_result(result).status
    except UserError:
        return ""


def _size(folder: Path) -> int:
    return sum(file.lstat().st_size for file in folder.rglob("*") if not file.is_dir())
