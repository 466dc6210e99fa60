"""The sources of a file: HTTP, Google Drive, Synapse, or the user, who downloads it by hand."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from glob import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from nnactive.data.disk import NoRoomError
from nnactive.data.download.folders import Item
from nnactive.data.download.leftovers import drafts_of, remove_drafts
from nnactive.data.download.patience import Patience, TransferError, watched
from nnactive.data.download.transfer import TIMEOUT, cause_of, fetch, require_room
from nnactive.data.progress import FileReport
from nnactive.errors import UserError
from nnactive.io.files import file_sizes

EXTRA = "pip install 'nnactive-bench[{}]'"
Check = Callable[[Path], None]
"""Raises a ``TransferError`` if a file is not the right one."""


class StepsNeededError(UserError):
    """Something that only the user can do: log in, or download in a browser.

    ``steps`` explains how, ``place`` is where to put the result.
    """

    def __init__(self, message: str, order: "Order") -> None:
        super().__init__(message)
        item = order.item
        self.steps = order.login or f"Download {item.path} from {item.file.urls[0]}."
        self.place = order.place.absolute()


@dataclass(frozen=True)
class Order:
    """What to fetch, and how."""

    item: Item
    place: Path
    """Where to put it."""
    login: str | None
    """The card's steps, if a login is needed."""
    check: Check
    """Checks a file before it gets its final name."""
    report: FileReport
    """Receives the name of each source before it is asked, the progress, and the waits."""

    def draft(self, source: int = 0) -> Path:
        """The file while it is fetched from its n-th address."""
        name = self.place.name
        return self.place.with_name(f".{name}.{f'{source + 1}.' if source else ''}part")


def obtain(order: Order) -> None:
    """Fetch and check an item; until that is done it has another name.

    Raises:
        TransferError: no source has the right file.
        StepsNeededError: the user has to do something first.
        UserError: an optional extra is not installed.
    """
    kinds = {"http": _http, "drive": _drive, "synapse": _synapse, "manual": _manual}
    kinds[order.item.file.kind](order)


def _http(order: Order) -> None:
    causes = []
    for number, url in enumerate(order.item.file.urls):
        draft = order.draft(number)
        order.report.ask(urlsplit(url).netloc)
        try:
            _fetch_with_room(order, url, draft)
            _check_draft(draft, order.check)
        except TransferError as error:
            causes.append(f"{url}: {error}")
            continue
        draft.replace(order.place)
        remove_drafts(drafts_of(order.place))
        return
    raise TransferError(_failure(order, "; ".join(causes)))


def _fetch_with_room(order: Order, url: str, draft: Path) -> None:
    """Fetch a file; if the disk is too full, without the drafts from other addresses."""
    size, unpacks = order.item.file.bytes, order.item.unpack
    try:
        fetch(url, draft, size, order.report, unpacks=unpacks)
    except NoRoomError:
        others = [path for path in drafts_of(order.place) if not path.name.startswith(draft.name)]
        if not others:
            raise
        remove_drafts(others)
        fetch(url, draft, size, order.report, unpacks=unpacks)


def _drive(order: Order) -> None:
    try:
        import gdown
        from gdown.exceptions import DownloadError
        from requests import ConnectionError as LostError
        from requests import RequestException, Timeout
        from requests.exceptions import ChunkedEncodingError
    except ImportError:
        raise UserError(
            f"{order.item.path}: needs a client for Google Drive; run: {EXTRA.format('drive')}"
        ) from None
    draft = order.draft()
    draft.parent.mkdir(parents=True, exist_ok=True)
    url = order.item.file.urls[0]
    order.report.ask("Google Drive")
    patience, before = Patience(order.report.wait), -1
    # Its own retries would be silent.
    options = {"quiet": True, "resume": True, "use_cookies": False, "retries": 0}

    def bring(counted: _Counted) -> None:
        gdown.download(url, str(draft), timeout=TIMEOUT, progress=counted, **options)

    try:
        while not draft.is_file():
            come = _Counted(order, patience)
            try:
                watched(partial(bring, come), come.so_far, "Google Drive", order.report.wait)
            except (LostError, Timeout, ChunkedEncodingError) as error:
                patience.pause(cause_of(error))
            except DownloadError as error:
                there = sum(part.stat().st_size for part in drafts_of(order.place))
                if there <= before or not there:  # it isn't that the connection was lost
                    raise
                before = there
                patience.pause(str(error).splitlines()[0])
        _check_draft(draft, order.check)
    except (DownloadError, RequestException, TransferError) as error:
        raise TransferError(_failure(order, f"{url}: {error}")) from None
    draft.replace(order.place)
    remove_drafts(drafts_of(order.place))


class _Counted:
    """Reports what a client brings, and refuses a file that doesn't fit on the disk."""

    def __init__(self, order: Order, patience: Patience) -> None:
        self.order, self.patience = order, patience
        self.amount = order.report.amount("fetch")
        self.done, self.first = 0, True

    def so_far(self) -> int:
        """Bytes that are there."""
        return self.done

    def __call__(self, done: int, total: int | None) -> None:
        if self.first and total is not None:
            unpacked = total if self.order.item.unpack else 0
            require_room(self.order.place, total - done, unpacked)
        self.first, self.done = False, done
        self.patience.renew()
        self.amount(done, total)


def _synapse(order: Order) -> None:
    client = _synapse_client(order)
    from synapseclient.core.exceptions import SynapseError

    draft, url = order.draft(), order.item.file.urls[0]
    draft.mkdir(parents=True, exist_ok=True)
    order.report.ask("Synapse")
    amount = order.report.amount("fetch")
    amount(0, order.item.file.bytes)
    try:
        path = watched(
            lambda: _from_synapse(url, draft, client),
            lambda: sum(file_sizes(draft)),
            "Synapse",
            order.report.wait,
            amount,
        )
    except (SynapseError, TransferError) as error:
        raise TransferError(_failure(order, f"{url}: {error}")) from None
    if path is None:
        draft.replace(order.place)
        return
    order.check(path)
    path.replace(order.place)
    shutil.rmtree(draft)


def _from_synapse(entity: str, folder: Path, client: Any) -> Path | None:
    """Get a file, or all files of a folder; returns the file's path, None for a folder."""
    from synapseclient.models import FailureStrategy
    from synapseclient.operations import FileOptions, get

    found = get(
        entity,
        file_options=FileOptions(
            download_file=True, download_location=str(folder), if_collision="overwrite.local"
        ),
        synapse_client=client,
    )
    if not hasattr(found, "sync_from_synapse"):
        return Path(found.path)
    found.sync_from_synapse(  # existing files are kept
        path=str(folder),
        if_collision="keep.local",
        failure_strategy=FailureStrategy.RAISE_EXCEPTION,
        include_activity=False,
        manifest="suppress",
        synapse_client=client,
    )
    return None


def _synapse_client(order: Order) -> Any:
    try:
        import synapseclient
        from synapseclient.core.exceptions import SynapseError
    except ImportError:
        cause = f"{order.item.path}: needs the client for Synapse; run: {EXTRA.format('synapse')}"
        raise StepsNeededError(f"{cause}, and follow the steps above", order) from None
    try:
        return synapseclient.login(silent=True)
    except SynapseError as error:
        cause = f"{order.item.path}: login to Synapse failed ({error}); follow the steps above"
        raise StepsNeededError(cause, order) from None


def _manual(order: Order) -> None:
    raise StepsNeededError(
        f"{order.place.absolute()}: has to be downloaded by hand; follow the steps above and run "
        "the same command again",
        order,
    )


def _check_draft(draft: Path, check: Check) -> None:
    try:
        check(draft)
    except TransferError:
        remove_drafts(list(draft.parent.glob(f"{escape(draft.name)}*")))
        raise


def _failure(order: Order, causes: str) -> str:
    return (
        f"{order.item.path}: download failed: {causes}; run the same command again to resume, "
        f"or put the file at {order.place.absolute()} yourself"
    )
