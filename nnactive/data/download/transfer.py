"""Fetching a file over HTTP, resuming interrupted transfers.

Drafts grow by range requests (RFC 9110, section 14); ``If-Range`` makes the server send everything
again if the file has changed. requests and urllib3 do the rest: redirects, time limits, checking
the announced length. How long a server is waited for is in ``patience``.
"""

import json
import os
import re
import socket
import time
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from nnactive.data import disk
from nnactive.data.download.patience import (
    FLOOR,
    Floor,
    Patience,
    SlowError,
    TransferError,
    begun,
    silence_told,
)
from nnactive.data.progress import FileReport
from nnactive.io.files import write_json
from nnactive.io.formatting import duration

if TYPE_CHECKING:
    import requests
    import urllib3

TIMEOUT = (10.0, 30.0)
"""Seconds to connect, and between two packets."""
REDIRECTS = 10
BLOCK = 1 << 18
BUSY = (429, 500, 502, 503, 504)
"""Status codes worth a retry."""


class Again(NamedTuple):
    """Why a file is to be asked for again, and after how many seconds, if the server says so."""

    cause: str
    seconds: float | None = None


def fetch(
    url: str,
    draft: Path,
    size: int | None,
    report: FileReport,
    *,
    unpacks: bool = False,
    most: int | None = None,
) -> None:
    """Fetch ``url`` into ``draft``, resuming an interrupted transfer.

    Args:
        url: an http or https address.
        draft: file to fill; ``<draft>.json`` beside it records what it is a part of, and stays.
        size: expected bytes of the file; None: unknown.
        report: receives the progress and every wait.
        unpacks: whether the disk must also hold the unpacked files, at least as large.
        most: bytes after which the transfer is given up; None: as many as the server sends.

    Raises:
        TransferError: the server can't be reached, or doesn't have the file or has one of another
            size or a larger one than ``most``; the message is only the cause.
        UserError: the disk has too little room for the file, by its announced length.
    """
    import requests

    draft.parent.mkdir(parents=True, exist_ok=True)
    patience, longest, began = Patience(report.wait), _size(draft), time.monotonic()
    with requests.Session() as session:
        session.max_redirects = REDIRECTS
        session.headers["Accept-Encoding"] = "identity"  # offsets are those of the stored bytes
        while again := _attempt(session, url, draft, size, report, unpacks=unpacks, most=most):
            # A little more at each attempt, for years, is no progress.
            if _size(draft) - longest >= FLOOR * max(1, time.monotonic() - began):
                patience.renew()
            longest = max(longest, _size(draft))
            patience.pause(*again)
            began = time.monotonic()


def _attempt(
    session: "requests.Session",
    url: str,
    draft: Path,
    size: int | None,
    report: FileReport,
    *,
    unpacks: bool,
    most: int | None,
) -> Again | None:
    """Send one request; None if the draft is complete."""
    import requests

    try:
        return _advance(session, url, draft, size, report, unpacks=unpacks, most=most)
    except SlowError as error:
        return Again(f"{error} at {_size(draft):,} bytes")
    except requests.ConnectTimeout:
        return Again(f"the server could not be reached within {duration(TIMEOUT[0])}")
    except requests.ReadTimeout:
        return Again(_silent(draft))
    except requests.ConnectionError as error:
        # One that has sent something exists, whatever a name server says now.
        if not _size(draft) and (host := _unknown_host(error)):
            raise TransferError(f"no host named {host} is known") from None
        return Again(cause_of(error))
    except requests.RequestException as error:
        raise TransferError(cause_of(error)) from None


def _advance(
    session: "requests.Session",
    url: str,
    draft: Path,
    size: int | None,
    report: FileReport,
    *,
    unpacks: bool,
    most: int | None,
) -> Again | None:
    source = urlsplit(url).netloc
    note = _read_note(draft, url)
    start = _size(draft) if note else 0
    if start and start == note["marks"].get("total"):
        return None
    headers = {"Range": f"bytes={start}-"} if start else {}
    if start and (validator := _validator(note)):
        headers["If-Range"] = validator

    def ask() -> "requests.Response":
        return session.get(url, headers=headers, stream=True, timeout=TIMEOUT)

    with begun(ask, source, report.wait) as response:
        if again := _refused(response, draft, start):
            return again
        partly = response.status_code == HTTPStatus.PARTIAL_CONTENT
        first, total = _range(response.headers) if partly else (0, _length(response.headers))
        if size is not None and total is not None and total != size:
            raise TransferError(f"the server offers {total:,} bytes instead of {size:,}")
        marks = _marks(response.headers, total)
        if partly and (first != start or _differ(note["marks"], marks)):
            draft.unlink(missing_ok=True)
            return Again("the server has changed the file")
        if not partly:
            start, note = 0, {"url": url, "marks": marks}
            draft.unlink(missing_ok=True)
        if total is not None:
            require_room(draft, total - start, total if unpacks else 0)
        if not partly:
            write_json(_note(draft), note)
        floor = Floor(start)
        with silence_told(source, floor, TIMEOUT[1], report.wait):
            again = _append(response.raw, draft, total, floor, report, most)
    return again or _incomplete(draft, note, total)


def _incomplete(draft: Path, note: dict[str, Any], total: int | None) -> Again | None:
    """Why a draft whose last answer ended as it should is no whole file; None: it is one."""
    if total is None:
        note["marks"]["total"] = _size(draft)
        write_json(_note(draft), note)
        return None
    return None if _size(draft) == total else Again(_lost(draft))


def _refused(response: "requests.Response", draft: Path, start: int) -> Again | None:
    """Why an answer has no content; None: it has."""
    if response.status_code in BUSY:
        return Again(_status(response), _asked(response.headers))
    if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and start:
        draft.unlink()
        return Again("the server has less than was already downloaded")
    response.raise_for_status()
    expected = {HTTPStatus.OK} | ({HTTPStatus.PARTIAL_CONTENT} if start else set())
    if response.status_code not in expected:
        raise TransferError(_status(response))
    return None


def require_room(draft: Path, fetched: int, unpacked: int) -> None:
    """Compare what an answer announces with the free disk space, before its first byte.

    Raises:
        UserError: it doesn't fit.
    """
    what = "the rest of a file needs"
    if unpacked:
        what = "the rest of a file and what is unpacked from it need at least"
    way_out = "free up some space and run the same command again, or choose another folder"
    needed = fetched + unpacked
    disk.require(draft.parent, needed, disk.free(draft.parent), what, f"{way_out} with --data")


def _asked(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks to wait; None: it doesn't, or not in a known form."""
    import urllib3

    try:
        return urllib3.Retry().parse_retry_after(headers["Retry-After"])
    except (KeyError, urllib3.exceptions.InvalidHeader):
        return None


def _range(headers: Mapping[str, str]) -> tuple[int | None, int | None]:
    """First byte of a partial response, and size of the whole file."""
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", headers.get("Content-Range", ""))
    if found is None:
        return None, None
    return int(found[1]), int(found[2]) if found[2] != "*" else None


def _length(headers: Mapping[str, str]) -> int | None:
    length = headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else None


def _append(
    body: "urllib3.HTTPResponse",
    draft: Path,
    total: int | None,
    floor: Floor,
    report: FileReport,
    most: int | None,
) -> Again | None:
    """Write an answer to the end of the draft; None if it ended as it should.

    Raises:
        SlowError: it comes too slowly.
        TransferError: it is longer than ``most`` bytes.
    """
    import urllib3

    amount = report.amount("fetch")
    told, last = floor.done, time.monotonic()
    amount(told, total)
    with draft.open("ab") as file:
        try:
            # One read of the socket each: more would wait until a slow answer fills a block.
            while block := body.read1(BLOCK, decode_content=False):
                file.write(block)
                floor.update(floor.done + len(block))
                if most is not None and floor.done > most:
                    raise TransferError(f"the server sends more than {most:,} bytes")
                due = floor.done - told >= BLOCK or time.monotonic() - last >= 1
                if due and not floor.slow:  # that is told instead
                    told, last = floor.done, time.monotonic()
                    amount(told, total)
        except urllib3.exceptions.ReadTimeoutError:
            file.flush()
            return Again(_silent(draft))
        except urllib3.exceptions.HTTPError:
            file.flush()
            return Again(_lost(draft))
        amount(floor.done, total)
        file.flush()
        os.fsync(file.fileno())
    return None


def _lost(draft: Path) -> str:
    return f"the connection was lost at {_size(draft):,} bytes"


def _silent(draft: Path) -> str:
    return f"the server sent nothing for {duration(TIMEOUT[1])} at {_size(draft):,} bytes"


def _status(response: "requests.Response") -> str:
    return f"the server responded {response.status_code} {response.reason}"


def _marks(headers: Mapping[str, str], total: int | None) -> dict[str, str | int | None]:
    """What distinguishes versions of a file."""
    return {"tag": headers.get("ETag"), "date": headers.get("Last-Modified"), "total": total}


def _differ(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return any(one.get(key) and value and one[key] != value for key, value in other.items())


def _validator(note: dict[str, Any]) -> str | None:
    """Value for ``If-Range``, which must not be a weak tag."""
    tag, date = note["marks"].get("tag"), note["marks"].get("date")
    return str(tag) if tag and not tag.startswith("W/") else date


def _note(draft: Path) -> Path:
    return draft.with_name(draft.name + ".json")


def _read_note(draft: Path, url: str) -> dict[str, Any]:
    """What the draft is a part of; empty if that is another file or unknown."""
    try:
        note = json.loads(_note(draft).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    fits = isinstance(note, dict) and note.get("url") == url and "marks" in note
    return note if fits and isinstance(note["marks"], dict) else {}


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def cause_of(error: "requests.RequestException") -> str:
    """The cause in a few words: the system's message, or that of the innermost exception."""
    if error.response is not None and error.response.status_code >= HTTPStatus.BAD_REQUEST:
        return _status(error.response)
    last: BaseException = error
    for last in _causes(error):
        if isinstance(last, OSError) and last.strerror:
            return last.strerror.lower()
    return " ".join(str(last).split())


def _unknown_host(error: "requests.RequestException") -> str | None:
    """The host, if a name server answered that there is none of that name; asking again is vain."""
    import urllib3

    host = None
    for cause in _causes(error):
        if isinstance(cause, urllib3.exceptions.NewConnectionError):
            host = cause.conn.host
        if isinstance(cause, socket.gaierror) and cause.errno == socket.EAI_NONAME:
            return host
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and those within it, from the outermost."""
    inner: BaseException | None = error
    while inner is not None:
        yield inner
        within = (getattr(inner, "reason", None), *inner.args, inner.__cause__)
        inner = next((one for one in within if isinstance(one, BaseException)), None)
