from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from downloads import Place
from loopback import Loopback, serving
from tiny import write_card

from nnactive.data.cards import Card
from nnactive.data.download import patience


@dataclass(frozen=True)
class Cards:
    folder: Path

    def write(self, **changes: Any) -> Card:
        return write_card(self.folder, **changes)


@pytest.fixture
def cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cards:
    monkeypatch.setenv("NNACTIVE_DATASETS", str(tmp_path / "datasets"))
    return Cards(tmp_path / "datasets" / "tiny")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(patience, "BACK_OFF", 0)
    with serving() as loopback:
        yield loopback


@pytest.fixture
def place(cards: Any, tmp_path: Path) -> Place:
    return Place(cards, tmp_path / "data")
