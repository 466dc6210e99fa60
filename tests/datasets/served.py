"""Stand-ins for the publishers' servers: miniatures packed like the real archives."""

import hashlib
import io
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyzipper
from loopback import Loopback
from miniature import Miniature

from nnactive.data.card_fields import File, Series

PASSWORDS = {"WORD-V0.1.0.zip": b"word@uestc"}
"""Made public by WORD's authors."""


@dataclass(frozen=True)
class Offer:
    """A dataset's download, with a stand-in at every address."""

    download: dict[str, Any]
    """The card's; kinds and names of the files are the real ones."""
    files: dict[str, bytes]
    """Expected content of the folder of unpacked files, by path."""
    by_hand: bytes | Path | None
    """What the user has to put at the given place: a file's content, or a folder."""


def offer(tree: Miniature, server: Loopback) -> Offer:
    """Serve a miniature at the addresses of its card, unless they need a login."""
    real = tree.real.download
    # The real archive's size would require tens of GiB of free disk space.
    fields = real.model_dump(mode="json", exclude_unset=True, exclude={"size_gib"})
    there = _useful(tree.top)
    if real.series:
        fields["series"] = [_series(tree, one, server) for one in real.series]
        names = [s.name.format(n) for s in real.series for n in range(len(tree.cases))]
        return Offer(fields, {name: there[name] for name in names}, None)
    (file,) = real.files
    if file.kind == "synapse":
        return Offer(fields, {f"{file.name}/{name}": there[name] for name in there}, tree.top)
    content = _pack(tree.top, file.name)
    if file.kind == "manual":
        return Offer(fields, there, content)
    fields["files"] = [_file(file, content, server)]
    return Offer(fields, there, None)


def put(what: bytes | Path, place: Path) -> None:
    """Act as the user: put a file or folder at the place named by the command."""
    if isinstance(what, Path):
        shutil.copytree(what, place)
    else:
        place.write_bytes(what)


def _useful(top: Path) -> dict[str, bytes]:
    """Every file except those that macOS adds."""
    files = {path.relative_to(top): path for path in sorted(top.rglob("*")) if path.is_file()}
    return {
        name.as_posix(): path.read_bytes()
        for name, path in files.items()
        if not name.name.startswith("._") and "__MACOSX" not in name.parts
    }


def _file(file: File, content: bytes, server: Loopback) -> dict[str, Any]:
    """A file's entry with its address on loopback, and the checksums that the card has."""
    # Only the last address works; gdown has its own way of resuming.
    cut = [1 / 3] if file.kind == "http" else []
    missing = [f"{server.url}/{number}/{file.name}" for number in range(len(file.urls) - 1)]
    urls = [*missing, server.add(f"/{file.name}", content, cut=cut)]
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    found = {"sha256": hashlib.sha256(content).hexdigest(), "md5": md5, "bytes": len(content)}
    published = {name: value for name, value in found.items() if getattr(file, name)}
    return file.model_dump(mode="json", exclude_unset=True) | published | {"urls": urls}


def _series(tree: Miniature, series: Series, server: Loopback) -> dict[str, Any]:
    address = urlsplit(series.url).path
    for number in range(len(tree.cases)):
        content = (tree.top / series.name.format(number)).read_bytes()
        cut = [1 / 3] if number == 1 else []
        server.add(address.format(number), content, cut=cut)
    return {"count": len(tree.cases), "name": series.name, "url": server.url + address}


def _pack(top: Path, name: str) -> bytes:
    out = io.BytesIO()
    if name.endswith(".tar"):
        with tarfile.open(fileobj=out, mode="w") as file:
            for path in sorted(top.iterdir()):
                file.add(path, path.name)
        return out.getvalue()
    password = PASSWORDS.get(name)
    with pyzipper.AESZipFile(
        out, "w", pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES if password else None
    ) as file:
        if password:
            file.setpassword(password)
        for path in sorted(top.rglob("*")):
            if path.is_file():
                file.write(path, path.relative_to(top))
    return out.getvalue()
