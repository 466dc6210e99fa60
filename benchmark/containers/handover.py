"""From a command's options on the host to its arguments inside, and the mounts that they need."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from benchmark.containers.container import Mount
from benchmark.containers.places import to_read, to_write
from benchmark.containers.roles import Given, Role
from benchmark.image.record import DATA, RESULTS, SCRATCH

OUT = PurePosixPath(SCRATCH) / "out"
"""Where a command writes its file, which is moved to its place on the host afterwards."""
CARDS = PurePosixPath("/datasets")
TRACKS = PurePosixPath(SCRATCH) / "track"
FURTHER_CARDS = "NNACTIVE_DATASETS"


class Output(NamedTuple):
    """A file that the command writes."""

    place: Path
    """On the host, as the user named it."""
    target: PurePosixPath
    """Where it is written inside, in scratch."""
    seeded: bool
    """Whether the command looks at what lies at that place."""


class Handover(NamedTuple):
    """What a command is called with inside."""

    arguments: tuple[str, ...]
    mounts: tuple[Mount, ...]
    environment: dict[str, str]
    names: dict[PurePosixPath, str]
    """The host's name of each place inside."""
    files: dict[PurePosixPath, str]
    """Text files to lie in scratch."""
    outputs: tuple[Output, ...]


def hand_over(words: Sequence[str], given: Sequence[Given]) -> Handover:
    """Translate a command.

    Args:
        words: the command's name, as in ``("track", "run")``.
        given: its options and arguments, those that name a place also where they are defaults.

    Raises:
        UserError: a folder, file or METHOD that can't be handed over.
    """
    desk = Desk()
    options: list[str] = []
    arguments: list[str] = []
    for each in given:
        values = [desk.inside(each.role, value) for value in each.values]
        if each.flag:
            options.append(each.option)
        elif each.option:
            options += [f"{each.option}={value}" for value in values]
        else:
            arguments += values
    if any(argument.startswith("-") for argument in arguments):
        arguments.insert(0, "--")
    desk.further_cards()
    return Handover(
        (*words, *options, *arguments),
        tuple(desk.mounts.values()),
        desk.environment,
        desk.names,
        desk.files,
        tuple(desk.outputs),
    )


class Desk:
    """Gives each place of the host one inside."""

    def __init__(self) -> None:
        self.mounts: dict[PurePosixPath, Mount] = {}
        self.names: dict[PurePosixPath, str] = {}
        self.environment: dict[str, str] = {}
        self.files: dict[PurePosixPath, str] = {}
        self.outputs: list[Output] = []
        self._submissions: dict[Path, int] = {}

    def inside(self, role: Role, value: str) -> str:
        """What a value is inside."""
        roles: dict[Role, Callable[[str], str]] = {
            Role.TEXT: lambda text: text,
            Role.METHOD: self._method,
            Role.TRACK: self._track,
            Role.DATASET: self._dataset,
            Role.DATA: self._data,
            Role.KEPT_DATA: lambda text: self._kept(text, PurePosixPath(DATA)),
            Role.RUNS: lambda text: self._kept(text, PurePosixPath(RESULTS)),
            Role.RESULTS: lambda text: self._lent(text, "/results"),
            Role.RAW: lambda text: self._lent(text, "/raw"),
            Role.CARDS: self._cards,
            Role.PAGE: self._output,
            Role.GUIDE: lambda text: self._output(text, seeded=True),
        }
        return roles[role](value)

    def further_cards(self) -> None:
        """Hand over the folder of one's own cards, where there is one."""
        text = os.environ.get(FURTHER_CARDS)
        if not text or not Path(text).is_dir():
            return
        held = self.mounts.get(CARDS)
        if held is None:
            self._mount(to_read(Path(text)), CARDS, text)
        if held is None or held.source == Path(text).resolve():
            self.environment[FURTHER_CARDS] = str(CARDS)

    def _mount(
        self, source: Path, target: PurePosixPath, name: str, *, writable: bool = False
    ) -> str:
        self.mounts[target] = Mount(source=source, target=target, writable=writable)
        self.names[target] = name
        return str(target)

    def _lent(self, text: str, folder: str) -> str:
        """Mount what is to be read below ``folder``, under its own name."""
        source, number = to_read(Path(text)), 1
        target = PurePosixPath(folder) / source.name
        while (held := self.mounts.get(target)) and held.source != source:
            number += 1
            target = PurePosixPath(f"{folder}-{number}") / source.name
        return self._mount(source, target, text)

    def _kept(self, text: str, target: PurePosixPath) -> str:
        return self._mount(to_write(Path(text)), target, text, writable=True)

    def _data(self, text: str) -> str:
        target = PurePosixPath(DATA)
        if Path(text).exists():
            return self._mount(to_read(Path(text)), target, text)
        self.names[target] = text
        return str(target)

    def _cards(self, text: str) -> str:
        return self._kept(text, CARDS)

    def _output(self, text: str, *, seeded: bool = False) -> str:
        target = OUT / Path(text).name
        self.outputs.append(Output(Path(text), target, seeded))
        self.names[target] = text
        return str(target)

    def _method(self, text: str) -> str:
        """A METHOD whose file is mounted, and what it needs; nothing else beside it."""
        from benchmark.submission.method_string import Method
        from benchmark.submission.requirements import MANIFEST, read_manifest

        method = Method.parse(text)
        path = method.file
        if path is None:
            return method.string
        folder = self._submission(path.parent)
        # The name that the user sees is kept, whatever a link leads to.
        self._mount(to_read(path), folder / path.name, str(path))
        if read_manifest(path) is not None:
            manifest = path.parent / MANIFEST
            self._mount(to_read(manifest), folder / MANIFEST, str(manifest))
        return method.moved(folder / path.name)

    def _submission(self, folder: Path) -> PurePosixPath:
        """Where the files of a folder of the host lie inside."""
        whole = folder.resolve()
        number = self._submissions.setdefault(whole, len(self._submissions) + 1)
        return PurePosixPath("/submission" if number == 1 else f"/submission-{number}")

    def _dataset(self, text: str) -> str:
        from nnactive.data.cards import list_cards

        folder = text not in list_cards() and Path(text).is_dir()
        return self._lent(text, "/raw") if folder else text

    def _track(self, text: str) -> str:
        from benchmark.tracks import FOLDER, load_track
        from nnactive.io.yamls import read_yaml

        if not text.endswith((".yaml", ".yml")):
            return text
        path = Path(text)
        # What is wrong with it is told with the host's names.
        load_track(text)
        if path.resolve().parent == FOLDER.resolve():
            return path.stem
        content: dict[str, Any] = read_yaml(path, "track file")
        methods = [self._method(method) for method in content["methods"]]
        if methods == content["methods"]:
            return self._lent(text, "/track")
        import yaml

        target = TRACKS / path.name
        self.files[target] = yaml.safe_dump({**content, "methods": methods}, sort_keys=False)
        self.names[target] = text
        return str(target)
