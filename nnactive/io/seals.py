"""Seals: SHA-256 of what a step wrote and of what it read, in ``<output>.seal.json`` beside it.

An output gets its seal before it gets its name, so that one without a seal is older than seals.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from pydantic import Field

from nnactive.errors import UserError
from nnactive.io.files import read_model, sha256, write_model
from nnactive.io.models import NewerFileError, StateFile
from nnactive.io.queries import state_file

OF_DATASET: Final = "-> "
"""Begins what stands for the content of a link into a dataset, which has a seal of its own."""
OWN_LINKS: Final = ("_seg.b2nd", ".pkl")
"""Ends the names of links to what an earlier loop wrote."""


class Seal(StateFile):
    """What a step wrote, and from what."""

    files: dict[str, str]
    """SHA-256 of each file by its path below the output; "" is the output itself."""
    inputs: dict[str, str] = Field(default_factory=dict)
    """Digest of each input as the step read it, by its path relative to the track's folder."""
    name: str | None = None
    """Path of the output, relative to the track's folder; None: of any."""
    size: int | None = None
    """Bytes of an output that is one file."""
    cost: dict[str, Any] | None = None
    """What the step cost, as in the file of that; None: not recorded here."""
    late: bool = False
    """Whether it was made by the first step that read the output, which an older version wrote."""

    @property
    def digest(self) -> str:
        """One digest of the output's content."""
        return digest(self.files)


def seal_file(output: Path) -> Path:
    """Seal of the step that writes ``output``."""
    return output.parent / f"{output.name}.seal.json"


def read_seal(output: Path) -> Seal | None:
    """The seal of an output; None if it has none. A broken one seals no content."""
    file = seal_file(output)
    try:
        return read_model(file, Seal)
    except NewerFileError:
        raise
    except UserError:
        return Seal(files={}) if file.exists() else None


def digest(files: Mapping[str, str]) -> str:
    """One digest of a file's or a folder's content."""
    if set(files) == {""}:
        return files[""]
    return hashlib.sha256(json.dumps(dict(files), sort_keys=True).encode()).hexdigest()


def contents(output: Path, *, name: str | None = None) -> dict[str, str]:
    """What a seal says of an output: SHA-256 of each of its files.

    Args:
        output: a file or a folder, or a draft of it. Of a loop file, the state beside it counts.
        name: the output's final name, if this is a draft.

    Raises:
        FileNotFoundError: if there is no such output.
    """
    if output.is_dir():
        return {
            str(file.relative_to(output)): _content(file)
            for file in sorted(_files_below(output), key=str)
        }
    found = {"": sha256(output)}
    state = state_file(output.with_name(name or output.name))
    if state != output and state.is_file():
        found[state.name] = sha256(state)
    return found


def seal(
    written: Path,
    output: Path,
    inputs: Mapping[str, str],
    *,
    cost: dict[str, Any] | None = None,
    late: bool = False,
) -> Seal:
    """Write the seal of ``output``, whose content is at ``written`` for the time being."""
    made = Seal(
        files=contents(written, name=output.name),
        inputs=dict(inputs),
        name=output.name if output.is_absolute() else str(output),
        size=None if written.is_dir() else written.stat().st_size,
        cost=cost,
        late=late,
    )
    write_model(seal_file(output), made)
    return made


@contextmanager
def sealed(output: Path, inputs: Mapping[str, str]) -> Iterator[Path]:
    """A draft to write instead of ``output``, which gets its seal and then its name."""
    draft = output.with_name(f".{output.name}")
    yield draft
    seal(draft, output, inputs)
    draft.replace(output)


def is_intact(output: Path, made: Seal) -> bool:
    """Whether an output is what its step wrote; reads all of it, and no other files in a folder."""
    if not (made.files and is_named(output, made.name)):
        return False
    try:
        if "" in made.files:
            return contents(output) == made.files
        return all(_content(output / name) == known for name, known in made.files.items())
    except OSError:
        return False


def is_named(output: Path, name: str | None) -> bool:
    """Whether an output is where it was made, whatever lies above the track's folder."""
    parts = Path(name or "").parts
    return not parts or output.parts[-len(parts) :] == parts


def _files_below(folder: Path) -> list[Path]:
    """All files but hidden ones, such as Snakemake's in a folder that it knows as an output."""
    return [
        Path(inner, name)
        for inner, _, names in os.walk(folder)
        for name in names
        if not name.startswith(".")
    ]


def _content(file: Path) -> str:
    if file.is_symlink() and not file.name.endswith(OWN_LINKS):
        return OF_DATASET + "/".join(file.readlink().parts[-2:])
    try:
        return sha256(file)
    except FileNotFoundError:
        return ""
