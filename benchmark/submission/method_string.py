"""METHOD, the string that names a query method: parsed once into a value; ids and names from it."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Self

from benchmark.results import MethodRecord, ParameterValue
from nnactive.errors import UserError
from nnactive.io.files import sha256

LONGEST_VALUE = 40
LONGEST_ID = 150
"""Characters of a method id, which is part of file names (at most 255)."""
LARGEST_WHOLE = 1e15
"""Below it, a float with an integer value is written without a decimal point."""
SOURCE_HASH = re.compile(r"-[0-9a-f]{8}$")
"""Start of the file's hash, at the end of a submitted class's id."""


@dataclass(frozen=True)
class Method:
    """A METHOD taken apart; the author's code has not been imported."""

    string: str
    """As the user wrote it; names the method in messages."""
    name: str
    """Of the built-in method, or of the class in ``file``."""
    file: Path | None = None
    """The submitted file; None for a built-in method."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """All parameters as written, in that order."""
    options: tuple[str, ...] = ()
    """Those given beside the string, each ``name=value``; a value may contain commas."""

    @classmethod
    def parse(cls, text: str, options: Sequence[str] = ()) -> Self:
        """Parse ``name,parameter=value,...`` or ``path/to/file.py:Class,...``.

        A comma in the file's path belongs to the path.

        Raises:
            UserError: an item that isn't ``name=value``, a duplicate parameter, a file without a
                class, or a file that doesn't exist.
        """
        string = text.strip()
        cut = string.find(",", max(string.rfind(".py:"), 0))
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
        file, name = _file_and_name(head.strip())
        return cls(string, name, file, given, tuple(options))

    @property
    def origin(self) -> str:
        """The METHOD without its parameters; names its code in messages."""
        return f"{self.file}:{self.name}" if self.file else self.name

    @property
    def arguments(self) -> tuple[str, ...]:
        """The last arguments by which a command in another process gets the same value."""
        options = (word for option in self.options for word in ("--param", option))
        return *options, "--", self.string

    @property
    def requirements(self) -> tuple[str, ...]:
        """What the ``submission.yaml`` beside the file pins, each ``name==version``.

        Raises:
            UserError: if that file is wrong.
        """
        if self.file is None:
            return ()
        from benchmark.submission.requirements import requirements_of

        return requirements_of(self.file)

    @property
    def base_id(self) -> str:
        """Id with default parameters: the name, for a file with the start of its hash."""
        return f"{self.name}-{sha256(self.file)[:8]}" if self.file else self.name

    @property
    def written_id(self) -> str:
        """The id, provided that the parameters are written and ordered as ids have them."""
        return _join(self.base_id, self.parameters)

    def moved(self, file: PurePath) -> str:
        """The string where the file has another path; ``options`` are left out."""
        inline = list(self.parameters.items())[: len(self.parameters) - len(self.options)]
        return _join(f"{file}:{self.name}", dict(inline))


def _file_and_name(head: str) -> tuple[Path | None, str]:
    """File and class of a METHOD without its parameters, or no file and a built-in's name."""
    if ":" not in head and not head.endswith(".py"):
        return None, head
    file, _, name = head.rpartition(":")
    if not file or not name.isidentifier():
        raise UserError(f"{head}: names no class; write path/to/file.py:Class")
    path = Path(file)
    if not path.is_file():
        raise UserError(f"{file}: no such file; METHOD is path/to/file.py:Class")
    return path, name


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
