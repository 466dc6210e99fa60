"""Shared by the tests of downloads: an archive, and a place to download it to."""

import hashlib
import io
import tarfile
from pathlib import Path
from typing import Any

from nnactive.data.cards import Card
from nnactive.data.download import consent
from nnactive.data.download.dataset import Outcome, download
from nnactive.data.download.folders import Folders
from nnactive.data.progress import Step

FILES = {"Tiny/imagesTr/a.nii.gz": b"image" * 20_000, "Tiny/labelsTr/a.nii.gz": b"label"}


def tar(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as file:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return out.getvalue()


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def tree(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


ARCHIVE = tar(FILES)


class Place:
    """A card and its folders; ``bring`` downloads and records the progress."""

    def __init__(self, cards: Any, data: Path) -> None:
        self.cards, self.folders = cards, Folders.of(data, "tiny")
        self.steps: list[Step] = []

    def card(self, **fields: Any) -> Card:
        card = self.cards.write(download=fields)
        consent.give(card, self.folders)
        return card

    def bring(self, card: Card) -> Outcome:
        return download(card, self.folders, self.steps.append)


def one(*urls: str, **fields: Any) -> dict[str, Any]:
    return {"files": [{"name": "a.tar", "urls": list(urls), **fields}]}
