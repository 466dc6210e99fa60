"""Open a bundle that a stranger made: a folder or a ``.zip``; nothing in it is run or believed."""

import atexit
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from benchmark.bundles import places
from benchmark.bundles.limits import DEEPEST, LARGEST, LARGEST_FILE, MOST_FILES, largest
from benchmark.bundles.names import check_names
from benchmark.bundles.record import BundleRecord
from benchmark.bundles.zips import files_below, unpacked
from benchmark.results import ExperimentResult
from benchmark.submission.files.frozen import FrozenCopy, read_copy
from benchmark.submission.requirements import Manifest
from benchmark.submission.spec import MethodSpec
from benchmark.tracks import Track
from nnactive.errors import UserError
from nnactive.io.files import first_problem, read_json, read_model, sha256
from nnactive.io.formatting import size
from nnactive.io.queries import Query
from nnactive.io.yamls import read_yaml

ZIP: Final = ".zip"
OPENS: Final = (
    yaml.FlowSequenceStartToken,
    yaml.FlowMappingStartToken,
    yaml.BlockSequenceStartToken,
    yaml.BlockMappingStartToken,
)
CLOSES: Final = (yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken, yaml.BlockEndToken)
UNKNOWN: Final = -1
"""Time of a file that is to be read, whatever its time says."""


@dataclass(frozen=True)
class Bundle:
    """A bundle whose files have bearable names and sizes; what they say isn't checked.

    Its properties raise a `UserError` that names the file and the field if one is broken.
    """

    folder: Path
    """Where its files are; temporary if it came as a zip."""
    record: BundleRecord
    given: Path
    """What the user named."""

    def path(self, place: Path) -> Path:
        """Where the file of a place (`benchmark.bundles.places`) is."""
        return self.folder / place

    def wrong_files(self) -> list[str]:
        """Files that differ from what ``bundle.json`` lists, one line each; hashes all files."""
        there = {
            name: path for name, path in files_below(self.folder) if name != str(places.RECORD)
        }
        listed = self.record.files
        wrong = [f"{name}: missing" for name in sorted(listed.keys() - there.keys())]
        wrong += [f"{name!a}: not listed" for name in sorted(there.keys() - listed.keys())]
        for name in sorted(there.keys() & listed.keys()):
            if there[name].stat().st_size != listed[name].size:
                wrong.append(f"{name}: has another size than {places.RECORD} says")
            elif sha256(there[name]) != listed[name].sha256:
                wrong.append(f"{name}: its content isn't what {places.RECORD} says")
        return wrong

    @cached_property
    def track(self) -> Track:
        """The track that it ran on, with all of its settings and seeds."""
        return read_model(self.path(places.TRACK), Track)

    @cached_property
    def spec(self) -> MethodSpec:
        """What the method is."""
        return read_model(self.path(places.SPEC), MethodSpec)

    @cached_property
    def manifest(self) -> Manifest:
        """What its authors say about it."""
        return read_plain_manifest(self.path(places.MANIFEST))

    @cached_property
    def code(self) -> FrozenCopy | None:
        """The frozen copy, whose `FrozenCopy.check` reads every file; None: a built-in method."""
        folder = self.path(places.CODE)
        if not folder.is_dir():
            return None
        copy = read_copy(folder)
        files = {
            name: each.model_copy(update={"changed": UNKNOWN})
            for name, each in copy.bundle.files.items()
        }
        return FrozenCopy(folder, copy.bundle.model_copy(update={"files": files}))

    @cached_property
    def outside(self) -> dict[str, str]:
        """Weights that are too large for a bundle: where to get each, by its name in `code`."""
        copy = self.code
        if copy is None:
            return {}
        declared = {
            f"{copy.bundle.inner}{each.file}": each for each in self.manifest.weights if each.file
        }
        return {
            name: declared[name].url or ""
            for name, known in copy.bundle.files.items()
            if name in declared
            and known.size > LARGEST_FILE
            and not name.endswith(".py")  # code is never left out
            and declared[name].sha256 == known.digest
            and not copy.path(name).exists()
        }

    def check_code(self) -> None:
        """Compare the frozen copy with its record, and that with the method's hash.

        Raises:
            UserError: names the file that differs.
        """
        copy, known = self.code, self.spec.record
        if copy is None:
            if known.origin != "builtin":
                raise UserError(f"{self.given}: no {places.CODE}, though the method was submitted")
            return
        if copy.bundle.digest != known.source_hash:
            raise UserError(f"{self.given}: {places.CODE} isn't what {places.SPEC} describes")
        there = {name: f for name, f in copy.bundle.files.items() if name not in self.outside}
        FrozenCopy(copy.folder, copy.bundle.model_copy(update={"files": there})).check()

    def has_result(self, setting: str, seed: int) -> bool:
        """Whether the result of an experiment is there."""
        return self.path(places.result_file(setting, seed)).is_file()

    def result(self, setting: str, seed: int) -> ExperimentResult:
        """The result of one experiment."""
        return read_model(self.path(places.result_file(setting, seed)), ExperimentResult)

    def query(self, setting: str, seed: int, loop: int) -> Query:
        """The patches that one loop added."""
        return read_model(self.path(places.query_file(setting, seed, loop)), Query)


def open_bundle(given: Path) -> Bundle:
    """Open a bundle.

    Args:
        given: a folder, or one ``.zip``, which is unpacked to a temporary folder that is removed
            when this process ends. In a zip, all may lie in one folder.

    Raises:
        UserError: no bundle; too many or too large files; links or devices; names that some
            system takes for others; a record that is broken.
    """
    if given.is_dir():
        folder = given
    elif given.is_file() and given.suffix.lower() == ZIP:
        folder = _top(_unpacked(given))
    else:
        what = "neither a folder nor a .zip" if given.exists() else "no such bundle"
        raise UserError(f"{given}: {what}; name what `nnactive-bench bundle` has written")
    _check_folder(given, folder)
    record = folder / places.RECORD
    if not record.is_file():
        raise UserError(
            f"{given}: no {places.RECORD}, so no bundle; make it: nnactive-bench bundle"
        )
    return Bundle(folder, _read_record(record), given)


def read_plain_manifest(path: Path) -> Manifest:
    """A ``submission.yaml`` from elsewhere: small, without YAML's references.

    Raises:
        UserError: names the field that is wrong.
    """
    if path.is_file() and path.stat().st_size > largest(str(places.MANIFEST)):
        raise UserError(f"{path}: too large for a submission manifest")
    with suppress(yaml.YAMLError, UnicodeDecodeError, OSError):  # read_yaml says what it is
        _check_yaml(path)
    try:
        return Manifest.model_validate(read_yaml(path, "submission manifest"))
    except ValidationError as error:
        raise UserError(f"{path}: {first_problem(error)}") from None


def _check_yaml(path: Path) -> None:
    """Refuse what takes YAML's parser long, before it meets it."""
    depth = 0
    for token in yaml.scan(path.read_text(encoding="utf-8")):
        depth += isinstance(token, OPENS) - isinstance(token, CLOSES)
        if isinstance(token, yaml.AliasToken):  # grow exponentially when they are followed
            raise UserError(f"{path}: has a YAML reference (*name); write it out")
        if depth > DEEPEST:
            raise UserError(f"{path}: nested too deeply for a submission manifest")


def _unpacked(given: Path) -> Path:
    folder = unpacked(given)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _top(folder: Path) -> Path:
    """The folder with the record: this one, or the only one in it."""
    inner = list(folder.iterdir())
    return inner[0] if len(inner) == 1 and inner[0].is_dir() else folder


def _check_folder(given: Path, folder: Path) -> None:
    """Refuse a folder by its files' names, kinds and sizes, before one of them is opened."""
    names, total = [], 0
    for name, path in _limited(given, folder):
        found = path.lstat()
        shown = f"{given}: {name!a:.200}"
        if not stat.S_ISREG(found.st_mode):
            raise UserError(f"{shown}: a link or a device, not a file; make the bundle again")
        if found.st_size > largest(name):
            raise UserError(f"{shown}: {size(found.st_size)}; at most {size(largest(name))}")
        names.append(name)
        total += found.st_size
    if total > LARGEST:
        raise UserError(f"{given}: {size(total)}; a bundle has at most {size(LARGEST)}")
    check_names(given, names)


def _limited(given: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    for count, each in enumerate(files_below(folder)):
        if count > MOST_FILES:
            raise UserError(f"{given}: more than {MOST_FILES:,} files; this is no bundle")
        yield each


def _read_record(path: Path) -> BundleRecord:
    """The record, after a look at what would make a parser collect errors without end."""
    content: Any = read_json(path, "make the bundle again")
    files = content.get("files") if isinstance(content, dict) else None
    if not isinstance(files, dict) or len(files) > MOST_FILES:
        raise UserError(f"{path}: field 'files': must list at most {MOST_FILES:,} files by name")
    record = read_model(path, BundleRecord)
    check_names(path, record.files)
    return record
