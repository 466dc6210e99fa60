"""Against a stand-in server on loopback, which can misbehave."""

import json
from pathlib import Path

import pytest
from loopback import Loopback, Served

from nnactive.data.download import transfer
from nnactive.data.download.transfer import TransferError, fetch

CONTENT = bytes(range(256)) * 1200  # 300 kB, 19 blocks of the server
DATE = "Sun, 01 Jun 2025 10:00:00 GMT"


class Amounts(list):
    def __call__(self, done: int, total: int | None) -> None:
        self.append((done, total))


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    return tmp_path / "deep" / ".a.zip.part"


def note(draft: Path) -> Path:
    return draft.with_name(draft.name + ".json")


def test_a_whole_file(server: Loopback, draft: Path) -> None:
    amounts = Amounts()
    fetch(server.add("/a", CONTENT), draft, len(CONTENT), amounts)
    assert draft.read_bytes() == CONTENT
    assert amounts[0] == (0, len(CONTENT))
    assert amounts[-1] == (len(CONTENT), len(CONTENT))


def test_a_connection_that_is_cut_goes_on_where_it_was(server: Loopback, draft: Path) -> None:
    fetch(server.add("/a", CONTENT, cut=[1 / 3, 1 / 3, 0.5]), draft, None, Amounts())
    assert draft.read_bytes() == CONTENT
    ranges = server.ranges("/a")
    starts = [int(wanted.removeprefix("bytes=").rstrip("-")) for wanted in ranges[1:]]
    assert ranges[0] is None
    assert len(starts) == 3
    assert starts == sorted(set(starts))
    assert starts[0] == len(CONTENT) // 3


def test_progress_renews_the_patience(server: Loopback, draft: Path) -> None:
    cuts = [0.1] * (3 * transfer.ATTEMPTS)
    fetch(server.add("/a", CONTENT, cut=cuts), draft, None, Amounts())
    assert draft.read_bytes() == CONTENT


def test_a_later_call_goes_on_with_the_draft(server, draft, monkeypatch) -> None:
    monkeypatch.setattr(transfer, "ATTEMPTS", 1)
    url = server.add("/a", CONTENT, cut=[0.5])
    with pytest.raises(TransferError, match="was lost"):
        fetch(url, draft, None, Amounts())
    half = draft.stat().st_size
    assert 0 < half < len(CONTENT)
    amounts = Amounts()
    fetch(url, draft, None, amounts)
    assert draft.read_bytes() == CONTENT
    assert amounts[0] == (half, len(CONTENT))
    assert server.ranges("/a") == [None, f"bytes={half}-"]


def test_a_server_without_ranges_starts_anew(server: Loopback, draft: Path) -> None:
    fetch(server.add("/a", CONTENT, cut=[0.4], ranges=False), draft, None, Amounts())
    assert draft.read_bytes() == CONTENT


def test_a_server_without_ranges_that_always_cuts_is_given_up(server, draft) -> None:
    url = server.add("/a", CONTENT, cut=[0.4] * 99, ranges=False)
    with pytest.raises(TransferError, match=f"was lost {transfer.ATTEMPTS} times"):
        fetch(url, draft, None, Amounts())


@pytest.mark.parametrize("tag", ['"1"', None, 'W/"1"'])
def test_a_file_that_changes_meanwhile_is_never_mixed(server, draft, monkeypatch, tag) -> None:
    monkeypatch.setattr(transfer, "ATTEMPTS", 1)
    url = server.add("/a", CONTENT, cut=[0.5], tag=tag)
    with pytest.raises(TransferError):
        fetch(url, draft, None, Amounts())
    other = CONTENT[::-1]
    server.served["/a"] = Served(other, tag=tag and tag.replace("1", "2"))
    if tag is None:
        server.served["/a"].content += b"longer"
        other += b"longer"
    monkeypatch.setattr(transfer, "ATTEMPTS", 3)
    fetch(url, draft, None, Amounts())
    assert draft.read_bytes() == other


@pytest.mark.parametrize(
    ("tag", "date", "condition"),
    [('"1"', DATE, '"1"'), ('W/"1"', DATE, DATE), (None, DATE, DATE), ('W/"1"', None, None)],
)
def test_the_server_is_asked_to_compare(server, draft, tag, date, condition) -> None:
    """If-Range must not be a weak tag (RFC 9110, section 13.1.5)."""
    fetch(server.add("/a", CONTENT, cut=[0.5], tag=tag, date=date), draft, None, Amounts())
    assert draft.read_bytes() == CONTENT
    assert server.conditions == [None, condition]


def test_an_answer_that_begins_elsewhere_is_not_appended(server, draft) -> None:
    fetch(server.add("/a", CONTENT, cut=[0.5], shift=[1000]), draft, None, Amounts())
    assert draft.read_bytes() == CONTENT
    assert server.ranges("/a") == [None, f"bytes={len(CONTENT) // 2}-", None]


def test_a_server_that_gives_a_part_of_what_is_asked_is_asked_again(server, draft) -> None:
    fetch(server.add("/a", CONTENT, cut=[0.5], most=100_000), draft, None, Amounts())
    assert draft.read_bytes() == CONTENT
    assert len(server.requests) == 3


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"url": "http://other/", "marks": {}}'])
def test_a_draft_of_something_else_is_not_gone_on_with(server, draft, content) -> None:
    draft.parent.mkdir()
    draft.write_bytes(b"?" * 1000)
    note(draft).write_text(content)
    fetch(server.add("/a", CONTENT), draft, None, Amounts())
    assert draft.read_bytes() == CONTENT


def test_a_whole_draft_is_not_fetched_again(server: Loopback, draft: Path) -> None:
    url = server.add("/a", CONTENT)
    draft.parent.mkdir()
    draft.write_bytes(CONTENT)
    note(draft).write_text(json.dumps({"url": url, "marks": {"total": len(CONTENT)}}))
    fetch(url, draft, None, Amounts())
    assert server.requests == []


def test_a_draft_that_is_too_long_starts_anew(server: Loopback, draft: Path) -> None:
    url = server.add("/a", CONTENT)
    draft.parent.mkdir()
    draft.write_bytes(CONTENT + b"more")
    note(draft).write_text(json.dumps({"url": url, "marks": {}}))
    fetch(url, draft, None, Amounts())
    assert draft.read_bytes() == CONTENT


def test_a_busy_server_is_asked_again(server: Loopback, draft: Path) -> None:
    fetch(server.add("/a", CONTENT, status=[503, 503]), draft, None, Amounts())
    assert draft.read_bytes() == CONTENT
    assert len(server.requests) == 3


def test_repeats_wait_longer_and_longer(server, draft, monkeypatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(transfer, "BACK_OFF", 1)
    monkeypatch.setattr("time.sleep", waits.append)
    fetch(server.add("/a", CONTENT, status=[503, 502, 504]), draft, None, Amounts())
    assert waits == sorted(waits)
    assert waits[-1] >= 2


def test_a_server_that_falls_silent_is_given_up(server, draft, monkeypatch) -> None:
    monkeypatch.setattr(transfer, "ATTEMPTS", 2)
    monkeypatch.setattr(transfer, "TIMEOUT", (1, 0.1))
    with pytest.raises(TransferError, match="was lost 2 times at 0 bytes"):
        fetch(server.add("/a", CONTENT, pause=5), draft, None, Amounts())


def test_a_length_that_is_not_announced(server: Loopback, draft: Path) -> None:
    amounts = Amounts()
    fetch(server.add("/a", CONTENT, no_length=True), draft, None, amounts)
    assert draft.read_bytes() == CONTENT
    assert amounts[-1] == (len(CONTENT), None)
    server.requests.clear()
    fetch(server.url + "/a", draft, None, Amounts())
    assert server.requests == []


def test_a_redirection_is_followed(server: Loopback, draft: Path) -> None:
    server.add("/a", b"", redirect=server.add("/b", CONTENT))
    fetch(server.url + "/a", draft, None, Amounts())
    assert draft.read_bytes() == CONTENT


def test_bytes_are_kept_as_they_are_stored(server: Loopback, draft: Path) -> None:
    """A server may declare a stored .gz an encoding; it must not be unpacked."""
    fetch(server.add("/a", CONTENT, encoding="gzip"), draft, None, Amounts())
    assert draft.read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("faults", "message"),
    [
        ({"status": [404]}, "the server responded 404 Not Found"),
        ({"status": [403]}, "the server responded 403 Forbidden"),
        ({"status": [204]}, "the server responded 204 No Content"),
        ({"status": [206]}, "the server responded 206 Partial Content"),
        ({"status": [503] * 99}, "too many 503 error responses"),
        ({"redirect": "/a"}, "Exceeded 10 redirects."),
        ({"extra_length": 50}, "was lost"),
        ({"cut": [0] * 99}, "was lost 6 times at 0 bytes"),
    ],
)
def test_what_can_not_be_had(server: Loopback, draft: Path, faults, message) -> None:
    with pytest.raises(TransferError, match=message):
        fetch(server.add("/a", CONTENT, **faults), draft, None, Amounts())


def test_another_size_than_published_is_refused_before_the_transfer(server, draft) -> None:
    amounts = Amounts()
    with pytest.raises(TransferError, match="offers 307,200 bytes instead of 1,000"):
        fetch(server.add("/a", CONTENT), draft, 1000, amounts)
    assert amounts == []


def test_nobody_there(server: Loopback, draft: Path) -> None:
    with pytest.raises(TransferError, match=r"^connection refused$"):
        fetch("http://127.0.0.1:9/a", draft, None, Amounts())


def test_what_is_no_address(draft: Path) -> None:
    with pytest.raises(TransferError, match="No connection adapters were found for 'ftp://x/a'"):
        fetch("ftp://x/a", draft, None, Amounts())
