"""METHOD, the string that names a query method: parsed once into a value; ids and names from it."""

import hashlib
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Self

from benchmark.results import MethodRecord, ParameterValue
from nnactive.errors import UserError

if TYPE_CHECKING:
    from benchmark.submission.files.find import Source
    from benchmark.submission.files.frozen import FrozenCopy

LONGEST_VALUE = 40
LONGEST_ID = 150
"""Characters of a method id, which is part of file names (at most 255)."""
LARGEST_WHOLE = 1e15
"""Below it, a float with an integer value is written without a decimal point."""
SOURCE_HASH = re.compile(r"-[0-9a-f]{8}$")
"""Start of the submission's hash, at the end of a submitted class's id."""


@dataclass(frozen=True)
class Method:
    """A METHOD taken apart; the author's code has not been imported."""

    string: str
    """As the user wrote it; names the method in messages."""
    name: str
    """Of the built-in method, or of the class in ``file``."""
    file: Path | None = None
    """The submitted file or folder, or the installed package; None for a built-in method."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """All parameters as written, in that order."""
    options: tuple[str, ...] = ()
    """Those given beside the string, each ``name=value``; a value may contain commas."""
    installed: str = ""
    """Name under which an installed package offers the method."""
    frozen: Path | None = None
    """A frozen copy that another process made, to be used instead of the author's files."""

    @classmethod
    def parse(cls, text: str, options: Sequence[str] = (), frozen: Path | None = None) -> Self:
        """Parse ``name,parameter=value,...`` or ``path/to/file.py:Class,...``.

        A comma in the file's path belongs to the path. A folder or an installed package may take
        the file's place.

        Raises:
            UserError: an item that isn't ``name=value``, a duplicate parameter, a file without a
                class, or a file that doesn't exist.
        """
        string = text.strip()
        cut = string.find(",", _end_of_path(string))
        head, tail = (string, []) if cut < 0 else (string[:cut], string[cut + 1 :].split(","))
        given: dict[str, str] = {}
        for item in (*tail, *options):
            name, _, value = (part.strip() for part in item.partition("="))
            if not name.isidentifier() or not value:
                raise UserError(
                    f"{head}: '{item.strip()}' is not a parameter; "
                    "write METHOD,name=value,name=value"
                )
            if name in given:
                raise UserError(f"{head}: duplicate parameter '{name}'; give it once")
            given[name] = value
        file, name, installed = _file_and_name(head.strip())
        return cls(string, name, file, given, tuple(options), installed, frozen)

    @property
    def origin(self) -> str:
        """The METHOD without its parameters; names its code in messages."""
        return self.installed or (f"{self.file}:{self.name}" if self.file else self.name)

    @property
    def arguments(self) -> tuple[str, ...]:
        """The last arguments by which a command in another process gets the same value."""
        options = tuple(word for option in self.options for word in ("--param", option))
        copy = ("--frozen", str(self.frozen)) if self.frozen else ()
        return *options, *copy, "--", self.string

    @property
    def source(self) -> "Source | None":
        """The submission where its author has it; None for a built-in method.

        Raises:
            UserError: if nothing there can be submitted.
        """
        from benchmark.submission.files.find import find, find_installed

        if self.file is None:
            return None
        return find_installed(self.installed) if self.installed else find(self.file)

    @cached_property
    def copy(self) -> "FrozenCopy | None":
        """The frozen copy of the submission; None for a built-in method.

        Made on first use, and removed when this process ends.

        Raises:
            UserError: if the submission can't be frozen.
        """
        return self._copy(None)

    def staged(self, tell: Callable[[str], None] | None = None) -> Self:
        """The same method, frozen once for this process and those that it starts.

        Args:
            tell: told of large files.

        Raises:
            UserError: if the submission can't be frozen.
        """
        copy = self._copy(tell)
        return replace(self, frozen=copy.folder) if copy and not self.frozen else self

    def _copy(self, tell: Callable[[str], None] | None) -> "FrozenCopy | None":
        if self.file is None:
            return None
        from benchmark.submission.files.frozen import read_copy, stage

        if self.frozen:
            return read_copy(self.frozen, str(self.file))
        source = self.source
        return stage(source, tell) if source else None

    @property
    def requirements(self) -> tuple[str, ...]:
        """What the ``submission.yaml`` beside the file pins, each ``name==version``.

        Raises:
            UserError: if that file is wrong.
        """
        if self.frozen and self.copy:
            return self.copy.bundle.requirements
        return self.source.manifest.requirements if self.source else ()

    @property
    def base_id(self) -> str:
        """Id with default parameters: the name, for a submission with the start of its hash."""
        return f"{self.name}-{self.copy.bundle.digest[:8]}" if self.copy else self.name

    @property
    def written_id(self) -> str:
        """The id, provided that the parameters are written and ordered as ids have them."""
        return _join(self.base_id, self.parameters)

    def moved(self, file: PurePath) -> str:
        """The string where the file has another path; ``options`` are left out."""
        inline = list(self.parameters.items())[: len(self.parameters) - len(self.options)]
        return _join(f"{file}:{self.name}", dict(inline))


def _end_of_path(string: str) -> int:
    """Where a METHOD's path ends: after it, a comma begins the parameters."""
    end = string.rfind(".py:")
    for found in re.finditer(":", string):
        # A folder's path may have commas, too.
        if found.start() > end and os.path.isdir(string[: found.start()].lstrip()):  # noqa: PTH112
            end = found.start()
    return max(end, 0)


def _file_and_name(head: str) -> tuple[Path | None, str, str]:
    """A METHOD without its parameters: its file and class, or a name; a package's name of it."""
    if ":" not in head and not head.endswith(".py"):
        return _named(head)
    file, _, name = head.rpartition(":")
    if not file or not name.isidentifier():
        raise UserError(f"{head}: names no class; write path/to/file.py:Class")
    path = Path(file)
    if not path.is_file() and not path.is_dir():
        raise UserError(f"{file}: no such file; METHOD is path/to/file.py:Class")
    return path, name, ""


def _named(name: str) -> tuple[Path | None, str, str]:
    """A built-in method, or one that an installed package offers."""
    from nnactive.methods import BUILTIN, STARTS

    if name in BUILTIN or name in STARTS:
        return None, name, ""
    from benchmark.submission.files.offered import installed_methods

    point = installed_methods().get(name)
    if point is None:
        return None, name, ""
    from benchmark.submission.files.find import find_installed

    found = find_installed(name)
    return found.given if found else None, point.attr, name


def string_of(record: MethodRecord, file: str) -> str:
    """The METHOD string that makes a recorded method again.

    Args:
        record: the method.
        file: path to give for the file of a submitted class.
    """
    head, *named = record.id.split(",")
    if record.origin == "submission":
        head = f"{file}:{SOURCE_HASH.sub('', head)}"
    # An id that would be too long has a hash in place of the parameters: then all are given.
    names = [each.partition("=")[0] for each in named]
    wanted = names if set(names) <= set(record.parameters) else list(record.parameters)
    return _join(head, {name: written(record.parameters[name]) for name in wanted})


def method_id(base_id: str, changed: Mapping[str, ParameterValue]) -> str:
    """Id of a method: its base id and the parameters that differ from their defaults.

    Safe in file names, shells and Snakemake's wildcards: a value that isn't, or is too long, is
    replaced by the start of its hash; if the id would be too long, so are all parameters together.

    >>> method_id("power_bald", {"beta": 5.0})
    'power_bald,beta=5'
    """
    texts = {key: written(value) for key, value in changed.items()}
    whole = _join(base_id, {key: _safe(text) for key, text in texts.items()})
    return whole if len(whole) <= LONGEST_ID else f"{base_id},{_short_hash(_join('', texts))}"


def display_name(name: str, changed: Mapping[str, ParameterValue]) -> str:
    """Name on the leaderboard.

    >>> display_name("power_bald", {"beta": 5.0})
    'power_bald, beta = 5'
    """
    return ", ".join([name, *(f"{key} = {written(value)}" for key, value in changed.items())])


def written(value: ParameterValue) -> str:
    """The one way to write a value in a METHOD string: 5, 5.0 and 5e0 are all ``5``."""
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, float):
        if value.is_integer() and abs(value) < LARGEST_WHOLE:
            return str(int(value))
        return repr(value).replace("e+", "e")
    return str(value)


def _join(head: str, parameters: Mapping[str, str]) -> str:
    return ",".join([head, *(f"{name}={value}" for name, value in parameters.items())])


def _safe(text: str) -> str:
    fits = len(text) <= LONGEST_VALUE and re.fullmatch(r"[A-Za-z0-9_.-]+", text)
    return text if fits else _short_hash(text)


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
