"""Translates a command: from its options on the host to its arguments inside and their mounts."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from benchmark.containers.container import Mount
from benchmark.containers.links import led_to, links_out
from benchmark.containers.roles import Given, Role
from benchmark.image.record import DATA, RESULTS, SCRATCH
from benchmark.machine.places import write_problem
from nnactive.errors import UserError
from nnactive.io.beside.companions import folder_of

OUT: Final = PurePosixPath(SCRATCH) / "out"
"""Where a command writes its file, which is moved to its place on the host at the end."""
PROJECT: Final = PurePosixPath("/project")
CARDS: Final = PurePosixPath("/datasets")
TRACKS: Final = PurePosixPath(SCRATCH) / "track"
FURTHER_CARDS: Final = "NNACTIVE_DATASETS"
"""Environment variable that names the folder of the user's dataset cards."""


@dataclass(frozen=True)
class Output:
    """A file that the command writes."""

    place: Path
    """On the host, as the user named it."""
    target: PurePosixPath
    """Where it is written inside, in the scratch folder."""
    seeded: bool
    """Whether the command reads what is at ``place`` first."""
    companions: bool = False
    """Whether it may have some, in a folder beside it."""


@dataclass(frozen=True)
class Handover:
    """A command as it is called inside."""

    arguments: tuple[str, ...]
    mounts: tuple[Mount, ...]
    environment: dict[str, str]
    names: dict[PurePosixPath, str]
    """The user's name of each path inside."""
    files: dict[PurePosixPath, str]
    """Text files to put into the scratch folder, by their path inside."""
    outputs: tuple[Output, ...]


def hand_over(words: Sequence[str], given: Sequence[Given]) -> Handover:
    """Translate a command.

    Args:
        words: the command's name, as in ``("track", "run")``.
        given: its options and arguments; those that name a folder or file even as defaults.

    Raises:
        UserError: a folder, file or METHOD that can't be handed over.
    """
    translation = _Translation()
    options: list[str] = []
    arguments: list[str] = []
    for each in given:
        values = [translation.inside(each.role, value) for value in each.values]
        if each.flag:
            options.append(each.option)
        elif each.option:
            options += [f"{each.option}={value}" for value in values]
        else:
            arguments += values
    if any(argument.startswith("-") for argument in arguments):
        arguments.insert(0, "--")
    translation.further_cards()
    return Handover(
        (*words, *options, *arguments),
        tuple(translation.mounts.values()),
        translation.environment,
        translation.names,
        translation.files,
        tuple(translation.outputs),
    )


class _Translation:
    """Assigns a path inside to each path of the host."""

    def __init__(self) -> None:
        self.mounts: dict[PurePosixPath, Mount] = {}
        self.names: dict[PurePosixPath, str] = {}
        self.environment: dict[str, str] = {}
        self.files: dict[PurePosixPath, str] = {}
        self.outputs: list[Output] = []
        self._submissions: dict[Path, int] = {}
        self._root: Path | None = None
        """Of an annotation project."""

    def inside(self, role: Role, value: str) -> str:
        """The value that the command is given inside."""
        roles: dict[Role, Callable[[str], str]] = {
            Role.TEXT: lambda text: text,
            Role.METHOD: self._method,
            Role.TRACK: self._track,
            Role.DATASET: self._dataset,
            Role.DATA: self._data,
            Role.KEPT_DATA: lambda text: self._writable(text, PurePosixPath(DATA)),
            Role.RUNS: lambda text: self._writable(text, PurePosixPath(RESULTS)),
            Role.RUN: self._run,
            Role.TRACK_RUN: self._track_run,
            Role.PROJECT: self._project,
            Role.IMAGES: self._images,
            Role.TABLE: self._table,
            Role.RESULTS: lambda text: self._readable(text, "/results"),
            Role.RAW: lambda text: self._readable(text, "/raw"),
            Role.CARDS: self._cards,
            Role.PAGE: lambda text: self._output(text, companions=True),
            Role.GUIDE: lambda text: self._output(text, seeded=True),
        }
        return roles[role](value)

    def further_cards(self) -> None:
        """Mount the folder of the user's dataset cards, if there is one."""
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

    def _readable(self, text: str, folder: str) -> str:
        """Mount a folder or file read-only, below ``folder`` under its own name."""
        source, number = to_read(Path(text)), 1
        target = PurePosixPath(folder) / source.name
        while (held := self.mounts.get(target)) and held.source != source:
            number += 1
            target = PurePosixPath(f"{folder}-{number}") / source.name
        return self._mount(source, target, text)

    def _writable(self, text: str, target: PurePosixPath) -> str:
        return self._mount(to_write(Path(text)), target, text, writable=True)

    def _data(self, text: str) -> str:
        target = PurePosixPath(DATA)
        if Path(text).exists():
            return self._mount(to_read(Path(text)), target, text)
        self.names[target] = text
        return str(target)

    def _run(self, text: str) -> str:
        """An experiment's folder, in its whole track, of which it may read any loop.

        Datasets that a run in a container generated are beside that.
        """
        from benchmark.replay.find import track_of
        from benchmark.workflow.datasets import GENERATED

        folder = Path(text)
        root = track_of(folder) if folder.is_dir() else None
        if root is None:
            return text
        inside = self._readable(str(root), "/replayed")
        generated = root.parent / GENERATED
        if generated.is_dir():
            beside = PurePosixPath(inside).with_name(GENERATED)
            self._mount(to_read(generated), beside, str(generated))
        return str(PurePosixPath(inside) / folder.absolute().relative_to(root))

    def _track_run(self, text: str) -> str:
        root = Path(text).resolve()
        inside = self._writable(str(root.parent), PurePosixPath(RESULTS))
        return str(PurePosixPath(inside) / root.name)

    def _project(self, text: str) -> str:
        """An annotation project; what its file names by an absolute path keeps that inside."""
        from benchmark.containers.outside import images_of, outside

        self._root = Path(text).resolve()
        inside = self._writable(text, PROJECT)
        for path in outside(Path(text)):
            self._mount(to_read(path), PurePosixPath(path), str(path))
        folder = images_of(Path(text))
        if folder is not None:
            self._linked(folder)
        return inside

    def _images(self, text: str) -> str:
        case, equals, file = text.partition("=")
        if equals and not Path(text).exists():
            return f"{case}={self._images(file)}"
        whole = to_read(Path(text))
        # A file is known by its name, also if that is a link.
        named = Path(text).parent.resolve() / Path(text).name if whole.is_file() else whole
        place = self._place(named)
        if not place.is_relative_to(PROJECT):
            self._mount(whole, place, text)
        elif named.is_symlink() and not self._leads(target := led_to(named, place), whole):
            self._mount(whole, target, text)
        self._linked(whole)
        return str(place)

    def _table(self, text: str) -> str:
        # A link keeps its own name: paths begin at the folder that it is in.
        whole = Path(text).parent.resolve() / Path(text).name
        to_read(whole)
        return str(PurePosixPath(self._images(str(whole.parent))) / whole.name)

    def _place(self, whole: Path) -> PurePosixPath:
        """The path inside of a resolved one: its own, unless it is in the project's folder."""
        if self._root is not None and whole.is_relative_to(self._root):
            return PROJECT / whole.relative_to(self._root)
        return PurePosixPath(whole)

    def _linked(self, folder: Path) -> None:
        """Mount what links in a resolved folder lead to outside it; in a file there are none."""
        for real, target in links_out(folder, self._place(folder)):
            if not self._leads(target, real):
                self._mount(to_read(real), target, str(real))

    def _leads(self, target: PurePosixPath, real: Path) -> bool:
        """Whether a path inside is that of a mounted file already."""
        return any(
            (mount.source / target.relative_to(place)).resolve() == real
            for place, mount in self.mounts.items()
            if target.is_relative_to(place)
        )

    def _cards(self, text: str) -> str:
        return self._writable(text, CARDS)

    def _output(self, text: str, *, seeded: bool = False, companions: bool = False) -> str:
        target = OUT / Path(text).name
        self.outputs.append(Output(Path(text), target, seeded, companions))
        self.names[target] = text
        if companions:
            self.names[PurePosixPath(folder_of(Path(target)))] = str(folder_of(Path(text)))
        return str(target)

    def _method(self, text: str) -> str:
        """A METHOD; its files and its submission.yaml are mounted, and nothing else beside them."""
        from benchmark.submission.method_string import Method
        from benchmark.submission.requirements import MANIFEST

        method = Method.parse(text)
        source = method.source
        if source is None:
            return method.string
        if method.installed:
            raise UserError(
                f"{method.installed}: an installed package isn't in the image; give its folder: "
                f"{source.given}:{method.name}"
            )
        given, top = source.given, self._submission(source.folder)
        whole = given.is_dir()
        folder = top / given.resolve().name if whole else top
        self.names[folder if whole else folder / given.name] = str(given)
        for name in source.members():
            path = source.path(name)
            # A link keeps its own name, wherever it leads.
            inside = given.name if path == given else path.relative_to(source.folder)
            self._mount(to_read(path), folder / inside, str(path))
        if source.manifest != type(source.manifest)():
            manifest = source.folder / MANIFEST
            self._mount(to_read(manifest), folder / MANIFEST, str(manifest))
        return method.moved(folder if whole else folder / given.name)

    def _submission(self, folder: Path) -> PurePosixPath:
        """The path inside of a folder with submitted files."""
        whole = folder.resolve()
        number = self._submissions.setdefault(whole, len(self._submissions) + 1)
        return PurePosixPath("/submission" if number == 1 else f"/submission-{number}")

    def _dataset(self, text: str) -> str:
        from nnactive.data.cards import list_cards

        folder = text not in list_cards() and Path(text).is_dir()
        return self._readable(text, "/raw") if folder else text

    def _track(self, text: str) -> str:
        from benchmark.tracks import FOLDER, load_track
        from nnactive.io.yamls import read_yaml

        if not text.endswith((".yaml", ".yml")):
            return text
        path = Path(text)
        # Errors in it are reported with the host's names.
        load_track(text)
        if path.resolve().parent == FOLDER.resolve():
            return path.stem
        content: dict[str, Any] = read_yaml(path, "track file")
        methods = [self._method(method) for method in content["methods"]]
        if methods == content["methods"]:
            return self._readable(text, "/track")
        import yaml

        target = TRACKS / path.name
        self.files[target] = yaml.safe_dump({**content, "methods": methods}, sort_keys=False)
        self.names[target] = text
        return str(target)


def to_read(path: Path) -> Path:
    """The resolved path of a folder or file to be mounted read-only.

    Raises:
        UserError: it is missing, can't be read, or must not be mounted.
    """
    whole = _allowed(path)
    try:
        if whole.is_dir():
            next(whole.iterdir(), None)
        else:
            whole.open("rb").close()
    except OSError as error:
        raise UserError(_refused(path, error)) from None
    return whole


def to_write(path: Path) -> Path:
    """The resolved path of a folder to be mounted writable; it is made where it is missing.

    Raises:
        UserError: it can't be made or written, or must not be mounted.
    """
    whole = _allowed(path)
    check_writable(whole, path)
    return whole


def check_writable(folder: Path, name: Path) -> None:
    """Make a folder where it is missing; a ``UserError`` with its ``name`` if it isn't writable."""
    try:
        # Otherwise the engine would make it, as root.
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(_refused(name, error)) from None
    problem = write_problem(folder)
    if problem is not None:
        raise UserError(_refused(name, problem))


def check_links(folder: Path, names: Iterable[str], option: str) -> None:
    """Refuse links that lead out of a mounted folder: inside, they lead nowhere.

    Args:
        folder: is to be mounted.
        names: folders in it that the command needs.
        option: names ``folder`` on the command line.

    Raises:
        UserError: names the link and where it leads.
    """
    for place in (folder / name for name in names):
        real = place.resolve()
        if not real.is_relative_to(folder.resolve()):
            raise UserError(
                f"{place}: is a link to {real}, which a container of {folder} can't follow; put "
                f"the folder itself there, or give the folder that contains it with {option}"
            )


def _allowed(path: Path) -> Path:
    whole = path.absolute().resolve()
    try:
        home = Path.home().resolve()
    except RuntimeError:  # an unknown user id without HOME
        return whole
    if home.is_relative_to(whole):
        what = "your home folder" if whole == home else "above your home folder"
        raise UserError(f"{path}: is {what}, which is never mounted; choose a folder below it")
    return whole


def _refused(path: Path, error: OSError) -> str:
    cause = error.strerror or str(error)
    return f"{path}: can't be used: {cause}; allow it or choose another folder"
