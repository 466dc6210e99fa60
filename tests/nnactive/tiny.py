"""What tests of datasets share: the card of a tiny one, and what an error must look like."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from nnactive.data.cards import Card, load_card
from nnactive.errors import UserError

CARD: dict[str, Any] = {
    "id": 901,
    "name": "tiny",
    "title": "Tiny",
    "description": "made for tests",
    "licence": "CC0-1.0",
    "citation": "none",
    "channels": {"MRI": "zscore"},
    "labels": {"background": 0, "ball": 1, "dot": 2},
    "cases": 8,
    "spacing": [2.0, 1.0, 1.0],
    "query_patch": [4, 4, 4],
    "budgets": {"low": {"starting": 4, "query": 2, "loops": 3}},
}


def write_card(folder: Path, **changes: Any) -> Card:
    """The card with some fields changed; ``NNACTIVE_DATASETS`` must be the folder's parent."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "card.yaml").write_text(yaml.safe_dump(CARD | changes, sort_keys=False))
    return load_card("tiny")


def expect_one_line(refusal: pytest.ExceptionInfo[UserError], file: Path, cause: str) -> None:
    message = str(refusal.value)
    assert str(file) in message
    assert cause in message
    assert "\n" not in message
    assert len(message.split(";")) > 1, "no way out is named"
