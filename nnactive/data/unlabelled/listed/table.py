"""A CSV that says which files are an image: a column ``id``, and one a channel."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nnactive.data.unlabelled.listed.naming import check_ids
from nnactive.errors import UserError

ID = "id"
EXAMPLE = "id,t1,t2"
DELIMITERS = ",;\t"


@dataclass(frozen=True)
class Row:
    """One image as a table has it."""

    id: str
    files: tuple[Path, ...]
    """One a channel; they exist."""
    line: int


@dataclass(frozen=True)
class Table:
    """All images of a table."""

    channels: tuple[str, ...]
    """Names of the columns."""
    rows: tuple[Row, ...]


def read_table(file: Path, folder: Path) -> Table:
    """Read a table of images.

    Args:
        file: UTF-8; columns are separated by commas, semicolons or tabs.
        folder: what paths are relative to, if not to the table's folder.

    Raises:
        UserError: the table is unreadable, or a cell is empty, names no file or one that another
            cell names; names the line.
    """
    lines = _lines(file)
    header = [cell.strip() for cell in lines[0][1]] if lines else []
    channels = tuple(name for name in header if name.lower() != ID)
    if len(header) != len(channels) + 1 or not channels or len({*header}) < len(header):
        raise UserError(
            f"{file}: its first line must name a column '{ID}' and one a channel, such as "
            f"{EXAMPLE}; write it"
        )
    at = next(n for n, name in enumerate(header) if name.lower() == ID)
    rows = []
    for number, cells in lines[1:]:
        where = f"{file}: line {number}"
        if len(cells) != len(header):
            raise UserError(f"{where}: {len(cells)} cells, not {len(header)}; correct it")
        told = [cell.strip() for cell in cells]
        case = told.pop(at)
        named = zip(channels, told, strict=True)
        paths = tuple(_path(where, name, cell, (file.parent, folder)) for name, cell in named)
        rows.append(Row(case, paths, number))
    if not rows:
        raise UserError(f"{file}: names no image; write a line for each")
    _check_unique(file, rows)
    return Table(channels, tuple(sorted(rows, key=lambda row: row.id)))


def _lines(file: Path) -> list[tuple[int, list[str]]]:
    """The cells of each line that has any, with its number."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{file}: not in UTF-8; save it as CSV UTF-8") from None
    except OSError as error:
        raise UserError(f"{file}: {error.strerror}; give the table of the images") from None
    first = text.partition("\n")[0]
    reader = csv.reader(text.splitlines(), delimiter=max(DELIMITERS, key=first.count))
    try:
        return [(reader.line_num, cells) for cells in reader if any(map(str.strip, cells))]
    except csv.Error as error:
        raise UserError(f"{file}: line {reader.line_num}: {error}; correct it") from None


def _path(where: str, channel: str, cell: str, folders: Sequence[Path]) -> Path:
    if not cell:
        raise UserError(f"{where}: no file for channel '{channel}'; name one")
    for folder in folders:
        if (path := folder / cell).exists():
            return path
    raise UserError(f"{where}: {cell}: no such file; paths are relative to the table's folder")


def _check_unique(file: Path, rows: Sequence[Row]) -> None:
    try:
        check_ids([row.id for row in rows])
    except UserError as error:
        raise UserError(f"{file}: {error}") from None
    owners: dict[Path, Row] = {}
    for row in rows:
        for path in row.files:
            if (owner := owners.setdefault(path.resolve(), row)) is not row or (
                row.files.count(path) > 1
            ):
                raise UserError(
                    f"{file}: line {row.line}: {path.name} is also named in line {owner.line}; "
                    "name each file once"
                )
