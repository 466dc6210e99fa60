from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from downloads import Place
from loopback import Loopback, serving

from nnactive.data.cards import Card, load_card
from nnactive.data.download import transfer

CARD: dict[str, Any] = {
    "id": 902,
    "name": "tiny",
    "title": "Tiny",
    "description": "made for tests",
    "licence": "CC0-1.0",
    "citation": "none",
    "channels": {"MRI": "zscore"},
    "labels": {"background": 0, "ball": 1},
    "cases": 8,
    "query_patch": [4, 4, 4],
    "budgets": {"low": {"starting": 4, "query": 2, "loops": 3}},
}


@dataclass(frozen=True)
class Cards:
    folder: Path

    def write(self, **changes: Any) -> Card:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "card.yaml").write_text(yaml.safe_dump(CARD | changes, sort_keys=False))
        return load_card("tiny")


@pytest.fixture
def cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cards:
    monkeypatch.setenv("NNACTIVE_DATASETS", str(tmp_path / "datasets"))
    return Cards(tmp_path / "datasets" / "tiny")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(transfer, "BACK_OFF", 0)
    with serving() as loopback:
        yield loopback


@pytest.fixture
def place(cards: Any, tmp_path: Path) -> Place:
    return Place(cards, tmp_path / "data")
