"""Against a stand-in server on loopback, which can misbehave."""

import json
import socket
from pathlib import Path

import pytest
from loopback import Loopback, Served

from nnactive.data.download import patience, transfer
from nnactive.data.download.patience import TransferError
from nnactive.data.download.transfer import fetch
from nnactive.errors import UserError

CONTENT = bytes(range(256)) * 1200  # 300 kB, 19 blocks of the server
DATE = "Sun, 01 Jun 2025 10:00:00 GMT"


class Amounts(list):
    """In the place of a report: the amounts, and the waits apart from them."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[tuple[str, float, float]] = []

    def amount(self, stage: str):
        assert stage == "fetch"
        return lambda done, total: self.append((done, total))

    def wait(self, why: str, seconds: float, limit: float) -> None:
        self.waits.append((why, seconds, limit))


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
    cuts = [0.1] * (3 * patience.ATTEMPTS)
    fetch(server.add("/a", CONTENT, cut=cuts), draft, None, Amounts())
    assert draft.read_bytes() == CONTENT


def test_a_later_call_goes_on_with_the_draft(server, draft, monkeypatch) -> None:
    monkeypatch.setattr(patience, "ATTEMPTS", 1)
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
    with pytest.raises(TransferError, match=f"was lost at .*, {patience.ATTEMPTS} times"):
        fetch(url, draft, None, Amounts())


@pytest.mark.parametrize("tag", ['"1"', None, 'W/"1"'])
def test_a_file_that_changes_meanwhile_is_never_mixed(server, draft, monkeypatch, tag) -> None:
    monkeypatch.setattr(patience, "ATTEMPTS", 1)
    url = server.add("/a", CONTENT, cut=[0.5], tag=tag)
    with pytest.raises(TransferError):
        fetch(url, draft, None, Amounts())
    other = CONTENT[::-1]
    server.served["/a"] = Served(other, tag=tag and tag.replace("1", "2"))
    if tag is None:
        server.served["/a"].content += b"longer"
        other += b"longer"
    monkeypatch.setattr(patience, "ATTEMPTS", 3)
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
    monkeypatch.setattr(patience, "BACK_OFF", 1)
    monkeypatch.setattr("time.sleep", waits.append)
    amounts = Amounts()
    fetch(server.add("/a", CONTENT, status=[503, 502, 504]), draft, None, amounts)
    # The first attempt follows at once, then come 2 and 4 seconds, counted down.
    assert waits == [1] * 6
    assert amounts.waits == [
        ("the server responded 502 Bad Gateway; attempt 3 of 6 follows", 0, 2),
        ("the server responded 502 Bad Gateway; attempt 3 of 6 follows", 1, 2),
        *(
            ("the server responded 504 Gateway Timeout; attempt 4 of 6 follows", n, 4)
            for n in range(4)
        ),
    ]


def test_the_server_may_name_the_wait(server, draft, monkeypatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    amounts = Amounts()
    fetch(server.add("/a", CONTENT, status=[429], retry_after="3"), draft, None, amounts)
    why = "the server responded 429 Too Many Requests and asks to wait 3 s; "
    assert amounts.waits == [(why + "attempt 2 of 6 follows", n, 3) for n in range(3)]
    assert draft.read_bytes() == CONTENT


@pytest.mark.parametrize("asked", ["3600", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_wait_that_is_too_long_is_left_for_later(server, draft, monkeypatch, asked) -> None:
    monkeypatch.setattr("time.sleep", None)
    url = server.add("/a", CONTENT, status=[503], retry_after=asked)
    with pytest.raises(
        TransferError,
        match=r"Unavailable and asks to wait \d h .* limited to 10 min in all$",
    ):
        fetch(url, draft, None, Amounts())
    fetch(url, draft, None, Amounts())
    assert draft.read_bytes() == CONTENT


def test_waits_are_added_up(server, draft, monkeypatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    amounts = Amounts()
    cuts = [0.1] * 12
    url = server.add("/a", CONTENT, cut=cuts, status=[503] * 3, retry_after="250")
    with pytest.raises(
        TransferError,
        match=r"asks to wait 4 min, .* limited to 10 min in all, of which 8 min are used up$",
    ):
        fetch(url, draft, None, amounts)
    assert {why for why, _, _ in amounts.waits} == {
        f"the server responded 503 Service Unavailable and asks to wait 4 min; {later}"
        for later in ("attempt 2 of 6 follows", "attempt 3 of 6 follows")
    }


@pytest.mark.parametrize("asked", ["soon", "", "-5"])
def test_a_wait_that_nobody_understands_is_not_one(server, draft, asked) -> None:
    fetch(server.add("/a", CONTENT, status=[503], retry_after=asked), draft, None, Amounts())
    assert draft.read_bytes() == CONTENT


def test_a_server_that_closes_at_once_is_told_and_given_up(server, draft, monkeypatch) -> None:
    monkeypatch.setattr(patience, "BACK_OFF", 1)
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    amounts = Amounts()
    with pytest.raises(TransferError, match=r"without response, 6 times in a row$"):
        fetch(server.add("/a", CONTENT, close=True), draft, None, amounts)
    assert len(server.requests) == patience.ATTEMPTS
    assert sum(slept) == 30
    assert len(amounts.waits) == 30


@pytest.fixture
def answers(monkeypatch) -> list[int | None]:
    """How the name server fails at each question to come; None: it doesn't."""
    codes: list[int | None] = []
    asked = socket.getaddrinfo

    def resolve(*words, **more):
        if codes and (code := codes.pop(0)):
            raise socket.gaierror(code, "Name or service not known")
        return asked(*words, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return codes


def test_a_host_that_does_not_exist_is_asked_for_once(draft, answers) -> None:
    answers += [socket.EAI_NONAME] * 2
    amounts = Amounts()
    with pytest.raises(TransferError, match=r"^no host named pack\.invalid is known$"):
        fetch("http://pack.invalid/a", draft, None, amounts)
    assert len(answers) == 1
    assert not amounts.waits


@pytest.mark.parametrize(
    "codes", [[socket.EAI_AGAIN] * 2, [None, socket.EAI_NONAME]], ids=["busy", "later"]
)
def test_a_name_server_that_fails_for_now_is_asked_again(server, draft, answers, codes) -> None:
    """A host that has sent something exists."""
    answers += codes
    fetch(server.add("/a", CONTENT, cut=[0.5]), draft, None, Amounts())
    assert draft.read_bytes() == CONTENT
    assert not answers


def test_silence_is_told_while_it_lasts(server, draft, monkeypatch) -> None:
    monkeypatch.setattr(patience, "SILENCE", 0.05)
    amounts = Amounts()
    fetch(server.add("/a", CONTENT[:40_000], pause=0.2), draft, None, amounts)
    source = server.url.removeprefix("http://")
    assert {(why, limit) for why, _, limit in amounts.waits} == {
        (f"nothing comes from {source}; gave up after 30 s of silence", 30)
    }


def test_the_announced_length_must_fit_on_the_disk(server, draft, monkeypatch) -> None:
    monkeypatch.setattr("nnactive.data.disk.free", lambda _: 400_000)
    amounts, url = Amounts(), server.add("/a", CONTENT)
    with pytest.raises(
        UserError, match=r"and what is unpacked from it need at least 600\.0 KiB, .*--data"
    ) as no:
        fetch(url, draft, None, amounts, unpacks=True)
    assert str(draft.parent) in str(no.value)
    assert amounts == []
    assert not draft.exists()
    fetch(url, draft, None, amounts)
    assert draft.read_bytes() == CONTENT


def test_only_the_rest_must_fit_on_the_disk(server, draft, monkeypatch) -> None:
    url = server.add("/a", CONTENT, cut=[0.5])
    monkeypatch.setattr(patience, "ATTEMPTS", 1)
    with pytest.raises(TransferError):
        fetch(url, draft, None, Amounts())
    monkeypatch.setattr("nnactive.data.disk.free", lambda _: len(CONTENT) // 2)
    fetch(url, draft, None, Amounts())
    assert draft.read_bytes() == CONTENT


def test_a_server_that_falls_silent_is_given_up(server, draft, monkeypatch) -> None:
    monkeypatch.setattr(patience, "ATTEMPTS", 2)
    monkeypatch.setattr(transfer, "TIMEOUT", (1, 0.1))
    with pytest.raises(TransferError, match=r"sent nothing for 0 s at \d+ bytes, 2 times"):
        fetch(server.add("/a", CONTENT, pause=5), draft, None, Amounts())


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "SILENCE", 0.1)
    monkeypatch.setattr(patience, "WINDOW", 0.4)


@pytest.mark.usefixtures("impatient")
def test_a_trickle_ends_and_the_next_attempt_goes_on(server, draft) -> None:
    amounts, url = Amounts(), server.add("/a", CONTENT, drip=[0.01])
    fetch(url, draft, None, amounts)
    assert draft.read_bytes() == CONTENT
    first, second = server.ranges("/a")
    assert first is None
    assert 0 < int(second.removeprefix("bytes=").rstrip("-")) < 100
    source = server.url.removeprefix("http://")
    why = f"less than 1.0 KiB/s comes from {source}; gave up after 0 s of that"
    assert {told for told, _, _ in amounts.waits} == {why}
    assert all(0.1 <= seconds <= limit == 0.4 for _, seconds, limit in amounts.waits)


@pytest.mark.usefixtures("impatient")
def test_a_trickle_is_given_up_though_each_attempt_brings_a_byte(server, draft) -> None:
    url = server.add("/a", CONTENT, drip=[0.05] * 99)
    with pytest.raises(
        TransferError, match=r"^less than 1\.0 KiB/s came for 0 s at \d+ bytes, 6 times in a row$"
    ):
        fetch(url, draft, None, Amounts())
    assert len(server.requests) == patience.ATTEMPTS
    kept = draft.stat().st_size
    server.served["/a"].drip.clear()
    fetch(url, draft, None, Amounts())
    assert draft.read_bytes() == CONTENT
    assert server.ranges("/a")[-1] == f"bytes={kept}-"


@pytest.mark.usefixtures("impatient")
def test_an_answer_whose_headers_trickle_is_given_up(server, draft, monkeypatch) -> None:
    monkeypatch.setattr(patience, "ATTEMPTS", 2)
    amounts, url = Amounts(), server.add("/a", CONTENT, drip_headers=0.01)
    with pytest.raises(
        TransferError, match=r"^the server didn't answer within 0 s at 0 bytes, 2 times"
    ):
        fetch(url, draft, None, amounts)
    source = server.url.removeprefix("http://")
    assert {(why, limit) for why, _, limit in amounts.waits} == {
        (f"no answer comes from {source}; gave up after 0 s", 0.4)
    }


def test_a_byte_for_each_connection_is_no_progress(server, draft) -> None:
    url = server.add("/a", CONTENT, cut=[0.000004] * 999)
    with pytest.raises(TransferError, match=r"was lost at \d+ bytes, 6 times in a row$"):
        fetch(url, draft, None, Amounts())
    assert len(server.requests) == patience.ATTEMPTS


def test_a_slow_transfer_that_is_fast_enough_is_left_alone(monkeypatch) -> None:
    now = 0.0
    monkeypatch.setattr(patience.time, "monotonic", lambda: now)
    floor, done = patience.Floor(), 0
    for _ in range(600):
        now, done = now + 1, done + 1500
        floor.update(done)
        assert not floor.slow
    now += 33
    floor.update(done + 1)
    assert floor.slow
    now += 27
    with pytest.raises(patience.SlowError, match=r"came for 1 min$"):
        floor.update(done + 2)


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
        ({"status": [503] * 99}, "responded 503 Service Unavailable, 6 times in a row"),
        ({"redirect": "/a"}, "Exceeded 10 redirects."),
        ({"extra_length": 50}, "the server has less than was already downloaded, 6 times"),
        ({"cut": [0] * 99}, "was lost at 0 bytes, 6 times"),
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
    with pytest.raises(TransferError, match=r"^connection refused, 6 times in a row$"):
        fetch("http://127.0.0.1:9/a", draft, None, Amounts())


def test_what_is_no_address(draft: Path) -> None:
    with pytest.raises(TransferError, match="No connection adapters were found for 'ftp://x/a'"):
        fetch("ftp://x/a", draft, None, Amounts())


def test_a_server_that_never_ends_is_left(server: Loopback, draft: Path) -> None:
    url = server.add("/a", CONTENT, no_length=True)
    with pytest.raises(TransferError, match="sends more than 1,000 bytes"):
        fetch(url, draft, None, Amounts(), most=1000)
    draft.unlink()
    fetch(url, draft, None, Amounts(), most=len(CONTENT))
    assert draft.read_bytes() == CONTENT
