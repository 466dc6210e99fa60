"""Studies in the board's JSON."""

from typing import Any

from leaderboard.formatting import number
from leaderboard.model import Study, StudyCell, StudyPart, StudyTable
from leaderboard.payload.rows import p_value

Json = dict[str, Any]


def study_json(study: Study) -> Json:
    """A study with its answers and tables; charts show figures that tables or rankings have."""
    return {
        "key": study.key,
        "title": study.title,
        "question": study.question,
        "parts": [_part(part) for part in study.parts],
    }


def _part(part: StudyPart) -> Json:
    return {
        "title": part.title,
        "group": part.group,
        "answer": part.answer,
        "leagues": list(part.leagues),
        "tables": [_table(table) for table in part.tables],
        "notes": list(part.notes),
        "sources": [[each.name, each.address, each.where] for each in part.sources],
    }


def _table(table: StudyTable) -> Json:
    return {
        "title": table.title,
        "corner": table.corner,
        "columns": list(table.columns),
        "rows": [[name, [_cell(cell) for cell in cells]] for name, cells in table.rows],
        "note": table.note,
    }


def _cell(cell: StudyCell | None) -> Json | None:
    """Only what it has; ``value`` in the unit, p-values two-sided."""
    if cell is None:
        return None
    found: Json = {"value": _rounded(cell.value, cell.unit)}
    if cell.unit:
        found["unit"] = cell.unit
    if cell.spread is not None:
        found["standard_error"] = _rounded(cell.spread, cell.unit)
    if cell.p_value is not None:
        found |= {"p_value": p_value(cell.p_value), "significant": cell.significant}
    return found


def _rounded(value: float, unit: str) -> float | int:
    return round(value) if unit == "whole" else number(value, unit)
