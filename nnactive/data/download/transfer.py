"""Fetching a file over HTTP, resuming interrupted transfers.

Drafts grow by range requests (RFC 9110, section 14); ``If-Range`` makes the server send everything
again if the file has changed. requests and urllib3 do the rest: redirects, retries with a back-off
after timeouts and 5xx responses, checking the announced length.
"""

import json
import os
import re
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnactive.data.progress import Amount
from nnactive.errors import NnactiveError
from nnactive.io.files import write_json

if TYPE_CHECKING:
    import requests
    import urllib3

ATTEMPTS = 6
"""In a row without receiving a new byte."""
BACK_OFF = 1.0
"""Seconds; doubled at each retry."""
TIMEOUT = (30, 60)
"""Seconds to connect, and between two packets."""
REDIRECTS = 10
BLOCK = 1 << 18
BUSY = (429, 500, 502, 503, 504)
"""Status codes worth a retry."""


class TransferError(NnactiveError):
    """A file could not be fetched from an address."""


def fetch(url: str, draft: Path, size: int | None, amount: Amount) -> None:
    """Fetch ``url`` into ``draft``, resuming an interrupted transfer.

    Args:
        url: an http or https address.
        draft: file to fill; ``<draft>.json`` beside it records what it is a part of, and stays.
        size: expected bytes of the file; None: unknown.
        amount: receives the progress.

    Raises:
        TransferError: the server can't be reached, or doesn't have the file or has one of another
            size; the message is only the cause.
    """
    import requests
    import urllib3

    draft.parent.mkdir(parents=True, exist_ok=True)
    fresh = urllib3.Retry(ATTEMPTS - 1, status_forcelist=BUSY, backoff_factor=BACK_OFF)
    retry, most = fresh, _size(draft)
    with requests.Session() as session:
        session.max_redirects = REDIRECTS
        session.headers["Accept-Encoding"] = "identity"  # offsets are those of the stored bytes
        for prefix in ("http://", "https://"):
            session.mount(prefix, requests.adapters.HTTPAdapter(max_retries=fresh))
        try:
            while not _advance(session, url, draft, size, amount):
                if _size(draft) > most:
                    retry, most = fresh, _size(draft)
                retry = retry.increment("GET", url, error=urllib3.exceptions.ProtocolError("cut"))
                retry.sleep()
        except urllib3.exceptions.MaxRetryError:
            raise TransferError(
                f"the connection was lost {ATTEMPTS} times at {_size(draft):,} bytes"
            ) from None
        except requests.RequestException as error:
            raise TransferError(_cause(error)) from None


def _advance(
    session: "requests.Session", url: str, draft: Path, size: int | None, amount: Amount
) -> bool:
    """Send one request; True if the draft is complete, False if another one is needed."""
    note = _read_note(draft, url)
    start = _size(draft) if note else 0
    if start and start == note["marks"].get("total"):
        return True
    headers = {"Range": f"bytes={start}-"} if start else {}
    if start and (validator := _validator(note)):
        headers["If-Range"] = validator
    with session.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and start:
            draft.unlink()
            return False
        response.raise_for_status()
        partly = response.status_code == HTTPStatus.PARTIAL_CONTENT and start > 0
        if not partly and response.status_code != HTTPStatus.OK:
            raise TransferError(f"the server responded {response.status_code} {response.reason}")
        first, total = _range(response.headers) if partly else (0, _length(response.headers))
        if size is not None and total is not None and total != size:
            raise TransferError(f"the server offers {total:,} bytes instead of {size:,}")
        marks = _marks(response.headers, total)
        if partly and (first != start or _differ(note["marks"], marks)):
            draft.unlink(missing_ok=True)
            return False
        if not partly:
            start, note = 0, {"url": url, "marks": marks}
            draft.unlink(missing_ok=True)
            write_json(_note(draft), note)
        whole = _append(response.raw, draft, start, total, amount)
    if whole and total is None:
        note["marks"]["total"] = total = _size(draft)
        write_json(_note(draft), note)
    return whole and _size(draft) == total


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
    body: "urllib3.HTTPResponse", draft: Path, start: int, total: int | None, amount: Amount
) -> bool:
    import urllib3

    done = start
    amount(done, total)
    with draft.open("ab") as file:
        try:
            for block in body.stream(BLOCK, decode_content=False):
                file.write(block)
                done += len(block)
                amount(done, total)
        except urllib3.exceptions.HTTPError:
            return False
        finally:
            file.flush()
            os.fsync(file.fileno())
    return True


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


def _cause(error: "requests.RequestException") -> str:
    """The cause in a few words: the system's message, or that of the innermost exception."""
    if error.response is not None and error.response.status_code >= HTTPStatus.BAD_REQUEST:
        code = error.response.status_code
        return f"the server responded {code} {error.response.reason}"
    inner: object = error
    while isinstance(inner, BaseException):
        if isinstance(inner, OSError) and inner.strerror:
            return inner.strerror.lower()
        last = inner
        within = (getattr(inner, "reason", None), *inner.args[:1], inner.__cause__)
        inner = next((one for one in within if isinstance(one, BaseException)), None)
    return " ".join(str(last).split())
