"""Tracks that take each other's queries: found before anything is planned or run."""

from collections.abc import Callable, Iterable
from pathlib import Path

from benchmark import layout
from benchmark.track_file import TrackFile, read_track_file
from nnactive.errors import UserError
from nnactive.io.files import read_model
from nnactive.settings import Setting

LARGEST = 1 << 20
"""Bytes of a track file beside another one that is looked at."""
ENDINGS = (".yaml", ".yml")
Takes = Callable[[str], Iterable[str]]
"""Names of the tracks that a track takes queries from; none, too, where it isn't known."""


def check_files(path: Path, content: TrackFile) -> None:
    """Refuse a track file that closes a cycle with the track files beside it.

    Raises:
        UserError: names the tracks.
    """
    _check(content.name, _sources(content), lambda name: _beside(path, name), f"{path}: ")


def check_runs(root: Path, track: str, settings: Iterable[Setting]) -> None:
    """Refuse a track that closes a cycle with the tracks that were run beside it.

    Args:
        root: the track's folder; others are beside it.
        track: its name.
        settings: its settings.

    Raises:
        UserError: names the tracks.
    """

    def takes(name: str) -> Iterable[str]:
        files = sorted((root.parent / name).glob(str(layout.setting_file("*"))))
        return _taken(read_model(file, Setting) for file in files)

    _check(track, _taken(settings), takes, f"{root}: ")


def _check(track: str, first: Iterable[str], takes: Takes, where: str) -> None:
    free: set[str] = set()  # no cycle can be reached from these

    def walk(name: str, found: Iterable[str], path: tuple[str, ...]) -> None:
        if name in path:
            cycle = " -> ".join((*path[path.index(name) :], name))
            raise UserError(
                f"{where}tracks take each other's queries ({cycle}), so none can run first; "
                "remove 'queries' from one of them"
            )
        for other in found:
            if other not in free:
                walk(other, first if other == track else takes(other), (*path, name))
        free.add(name)

    first = tuple(first)
    walk(track, first, ())


def _taken(settings: Iterable[Setting]) -> list[str]:
    return sorted({setting.queries.track for setting in settings if setting.queries})


def _sources(content: TrackFile) -> list[str]:
    parts = (*content.cards, *content.settings)
    return sorted({part.queries.track for part in parts if part.queries})


def _beside(path: Path, name: str) -> list[str]:
    """What the track called ``name`` takes, by its file in the folder of ``path``.

    The file of that name counts before others; of several others none does, as all but one are
    copies.
    """
    try:
        files = [each for each in sorted(path.parent.iterdir()) if each.suffix in ENDINGS]
    except OSError:  # its files may be read one by one, but not listed
        files = []
    found = {
        each: content
        for each in files
        if each.name != path.name and (content := _read(each)) and content.name == name
    }
    named = [content for each, content in found.items() if each.stem == name]
    chosen = named or [*found.values()]
    return _sources(chosen[0]) if len(chosen) == 1 else []


def _read(file: Path) -> TrackFile | None:
    """A track file that mentions queries; None: it isn't one."""
    try:
        if file.stat().st_size > LARGEST or b"queries" not in file.read_bytes():
            return None
        return read_track_file(file)
    except (OSError, UserError):
        return None
