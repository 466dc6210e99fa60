"""Tables for other programs."""

import csv
import io

from leaderboard.board import Board
from leaderboard.tables import Answer, Row, Table
from leaderboard.text import MISSING, plain

COLUMNS = (
    "track", "setting", "protocol", "nnunet", "dataset", "data_checksum", "rank", "method",
    "method_id", "badges", "status", "seeds", "expected_seeds",
    "aubc_percent_mean", "aubc_percent_std", "final_dice_percent_mean", "final_dice_percent_std",
    "labelled_foreground_voxels_mean", "labelled_foreground_voxels_std",
    "query_seconds_mean", "query_seconds_std", "training_seconds_mean", "training_seconds_std",
    "notes",
)  # fmt: skip


def to_csv(board: Board) -> str:
    """All tables as one CSV, a line a row of a table; ``n/a`` for what has no answer."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_line(table, row) for table in board.tables for row in table.rows)
    return target.getvalue()


def _line(table: Table, row: Row) -> list[str]:
    key = table.key
    names = [key.track, key.setting, key.protocol, key.nnunet, table.dataset.name, key.checksum]
    return [
        *(_safe(name) for name in names),
        MISSING if row.rank is None else str(row.rank),
        _safe(row.name),
        _safe(row.method),
        " ".join(row.badges),
        row.status,
        str(len(row.seeds)),
        str(row.expected_seeds),
        *_numbers(row.aubc, 100),
        *_numbers(row.final_dice, 100),
        *_numbers(row.foreground, 1),
        *_numbers(row.query_seconds, 1),
        *_numbers(row.training_seconds, 1),
        _safe("; ".join(row.notes)),
    ]


def _numbers(answer: Answer, factor: int) -> list[str]:
    return [
        MISSING if isinstance(value, str) else f"{factor * value:.4f}"
        for value in (answer.mean, answer.std)
    ]


def _safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    line = plain(text, limit=2000)
    return f"'{line}" if line.startswith(("=", "+", "-", "@")) else line
