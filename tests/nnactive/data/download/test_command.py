"""The command as a user types it, against a stand-in server on loopback."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmark.cli.commands.download import _Lines
from benchmark.cli.main import main
from nnactive.data.progress import Step

CONTENT = bytes(range(256)) * 4096  # 1 MiB


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def archive(tmp_path: Path) -> bytes:
    """A tar with one large file."""
    import io
    import tarfile

    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as file:
        info = tarfile.TarInfo("Tiny/a.nii.gz")
        info.size = len(CONTENT)
        file.addfile(info, io.BytesIO(CONTENT))
    return out.getvalue()


def file_of(content: bytes, *urls: str, **fields: Any) -> dict[str, Any]:
    sha256 = hashlib.sha256(content).hexdigest()
    return {"files": [{"name": "a.tar", "urls": list(urls), "sha256": sha256, **fields}]}


def run(data: Path, *options: str) -> int:
    return main(["data", "download", "tiny", "--data", str(data), *options])


def test_the_whole_way(server, cards, data, archive, capsys) -> None:
    url = server.add("/a.tar", archive, status=[503], cut=[1 / 3])
    cards.write(download={"size_gib": 0.001, **file_of(archive, url)}, terms="Be kind.")

    assert run(data) == 2
    error = capsys.readouterr().err
    assert error == (
        "error: tiny: the licence is CC0-1.0: Be kind; accept it with --accept-licence\n"
    )
    assert not (data / "raw" / "tiny" / "archives").exists()

    assert run(data, "--accept-licence") == 0
    said = capsys.readouterr()
    files = data / "raw" / "tiny" / "files"
    assert (files / "Tiny" / "a.nii.gz").read_bytes() == CONTENT
    assert said.out.splitlines() == [
        f"{files}: complete: 1.0 MiB in 1 file downloaded, checksums as published; 1 unpacked",
        f"next: nnactive-bench data prepare tiny --data {data}",
    ]
    assert "disk space needed: about 2.0 MiB; free: " in said.err
    assert said.err.count("fetching a.tar") == 1
    assert f"fetching a.tar from {server.url.removeprefix('http://')}\n" in said.err
    assert "unpacking a.tar" in said.err

    server.requests.clear()
    assert run(data) == 0
    assert "already complete: 1.0 MiB in 1 file" in capsys.readouterr().out
    assert server.requests == []


def test_consent_is_asked_once(server, cards, data, archive, capsys, monkeypatch) -> None:
    cards.write(download=file_of(archive, server.add("/a.tar", archive)))
    asked: list[str] = []
    answers = iter([False, True])
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("click.confirm", lambda text: (asked.append(text), next(answers))[1])
    assert run(data) == 2
    assert "error: tiny: licence not accepted, so nothing was" in capsys.readouterr().err
    assert run(data) == 0
    assert "Tiny: the licence is CC0-1.0." in capsys.readouterr().out
    assert run(data) == 0
    assert len(asked) == 2
    cards.write(download=file_of(archive, server.url + "/a.tar"), licence="stricter")
    with pytest.raises(StopIteration):
        next(answers)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False)
    assert run(data) == 2


def test_all_that_is_stated_is_shown_and_accepted(cards, data, archive, server, capsys) -> None:
    url = server.add("/a.tar", archive)
    cards.write(download=file_of(archive, url), licence="CC-BY-NC-4.0")
    assert run(data, "--accept-licence") == 0
    stated = [{"of": "its record", "licence": "CC-BY-4.0"}, {"of": "its paper", "licence": "NC"}]
    parts = [{"of": "A", "licence": "CC-BY-3.0"}, {"of": "B", "licence": "CC-BY-NC-4.0"}]
    card = {"stated_licences": stated, "collections": parts, "licence": "CC-BY-NC-4.0"}
    cards.write(download=file_of(archive, url), **card)
    capsys.readouterr()
    assert run(data) == 2
    assert capsys.readouterr().err == (
        "error: tiny: the licence is CC-BY-NC-4.0; its sources disagree; the strictest applies "
        "(its record: CC-BY-4.0, its paper: NC); the collections it is made of have their own (A: "
        "CC-BY-3.0, B: CC-BY-NC-4.0); accept it with --accept-licence\n"
    )


def test_login(cards, data, archive, capsys) -> None:
    login = "Open https://example.org, log in and download a.tar."
    cards.write(download={"login": login, **file_of(archive, "https://x", kind="manual")})
    assert run(data, "--accept-licence") == 2
    said = capsys.readouterr()
    wanted = data / "raw" / "tiny" / "archives" / "a.tar"
    assert said.out == f"{login}\nPlace: {wanted}\n"
    assert f"error: {wanted}: has to be downloaded by hand; follow the steps above" in said.err
    wanted.write_bytes(archive)
    assert run(data) == 0
    assert (data / "raw" / "tiny" / "files" / "Tiny" / "a.nii.gz").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("faults", "code", "message"),
    [
        ({"status": [404]}, 1, "the server responded 404 Not Found; run the same command again"),
        ({"redirect": "/a.tar"}, 1, "Exceeded 10 redirects."),
        (
            {"cut": [0.5] * 99, "ranges": False},
            1,
            "the connection was lost at 527,360 bytes, 6 times in a row",
        ),
    ],
)
def test_failures(server, cards, data, archive, capsys, faults, code, message) -> None:
    cards.write(download=file_of(archive, server.add("/a.tar", archive, **faults)))
    assert run(data, "--accept-licence") == code
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: a.tar: download failed: ")
    assert message in error
    assert not (data / "raw" / "tiny" / "archives" / "a.tar").exists()
    assert not (data / "raw" / "tiny" / "files").exists()


def test_a_server_that_asks_for_an_hour_is_left_for_later(server, cards, data, archive, capsys):
    url = server.add("/a.tar", archive, status=[429], retry_after="3600")
    cards.write(download=file_of(archive, url))
    assert run(data, "--accept-licence") == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"error: a.tar: download failed: {url}: the server responded 429 Too Many Requests and "
        "asks to wait 1 h 0 min, but waits are limited to 10 min in all; run the same command "
        f"again to resume, or put the file at {data / 'raw' / 'tiny' / 'archives' / 'a.tar'} "
        "yourself"
    )
    assert run(data) == 0


def test_every_wait_is_told(server, cards, data, archive, capsys, monkeypatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    url = server.add("/a.tar", archive, status=[503, 503], retry_after="45")
    cards.write(download=file_of(archive, url))
    assert run(data, "--accept-licence") == 0
    told = [line for line in capsys.readouterr().err.splitlines() if "waiting" in line]
    cause = "a.tar: the server responded 503 Service Unavailable and asks to wait 45 s"
    assert told == [
        f"waiting: {cause}; attempt {number} of 6 follows; 45 s left" for number in (2, 3)
    ]


def test_a_wait_on_a_terminal(server, cards, data, archive, capsys, monkeypatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    url = server.add("/a.tar", archive, status=[503], retry_after="1")
    cards.write(download=file_of(archive, url))
    assert run(data, "--accept-licence") == 0
    assert "asks to wait 1 s; attempt 2 of 6 follows; 1 s left" in capsys.readouterr().err


def test_a_long_wait_is_told_every_half_minute(capsys, monkeypatch) -> None:
    clock = iter([0.0, 1.0, 31.0, 45.0, 46.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    lines = _Lines()
    lines(Step("ask", "a.zip from x.org", 1, 1, 0, None))
    for done in (0, 30, 44):
        lines(Step("wait", "a.zip: why", 1, 1, done, 45))
    lines(Step("fetch", "a.zip", 1, 1, 0, 1000))
    assert capsys.readouterr().err.splitlines() == [
        "fetching a.zip from x.org",
        "waiting: a.zip: why; 45 s left",
        "waiting: a.zip: why; 15 s left",
    ]


def test_a_published_sum_that_is_wrong(server, cards, data, archive, capsys) -> None:
    cards.write(download=file_of(b"another", server.add("/a.tar", archive)))
    assert run(data, "--accept-licence") == 1
    assert "sha256 is " in capsys.readouterr().err
    assert not any((data / "raw" / "tiny" / "archives").glob("*a.tar*"))


def test_killed_in_the_middle(server, cards, data, archive) -> None:
    url = server.add("/a.tar", archive, pause=0.02)
    cards.write(download=file_of(archive, url))
    command = [sys.executable, "-m", "benchmark.cli", "data", "download", "tiny"]
    folder = data / "raw" / "tiny"
    draft = folder / "archives" / ".a.tar.part"
    with subprocess.Popen(
        [*command, "--data", str(data), "--accept-licence"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stderr=subprocess.DEVNULL,
    ) as process:
        end = time.monotonic() + 300
        while not (draft.exists() and draft.stat().st_size > 0):
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    half = draft.stat().st_size
    assert 0 < half < len(archive)
    assert not (folder / "archives" / "a.tar").exists()
    assert not (folder / "files").exists()
    server.served["/a.tar"].pause = 0
    assert run(data) == 0
    assert (folder / "files" / "Tiny" / "a.nii.gz").read_bytes() == CONTENT
    assert server.ranges("/a.tar") == [None, f"bytes={half}-"]


def test_a_bar_on_a_terminal(server, cards, data, archive, capsys, monkeypatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    cards.write(download=file_of(archive, server.add("/a.tar", archive)))
    assert run(data, "--accept-licence") == 0
    shown = capsys.readouterr().err
    assert "a.tar" in shown
    assert "1.0/1.0 MiB" in shown


def test_lines_elsewhere(capsys, monkeypatch) -> None:
    clock = iter([0.0, 10.0, 40.0, 41.0, 80.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    lines = _Lines()
    lines(Step("fetch", "a.zip", 1, 1, 0, 1000))
    lines(Step("fetch", "a.zip", 1, 1, 100, 1000))
    lines(Step("fetch", "a.zip", 1, 1, 400, 1000))
    lines(Step("check", "a.zip", 1, 1, 0, None))
    lines(Step("check", "a.zip", 1, 1, 512, None))
    assert capsys.readouterr().err.splitlines() == [
        "fetching a.zip",
        "fetching a.zip: 40% of 1000 bytes, about 1 min left",
        "checking a.zip: 512 bytes",
    ]


def test_a_source_is_named_before_it_answers(capsys, monkeypatch) -> None:
    clock = iter([0.0, 50.0, 60.0, 90.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    lines = _Lines()
    lines(Step("ask", "a.zip from x.org", 1, 1, 0, None))
    assert capsys.readouterr().err == "fetching a.zip from x.org\n"
    # Half of it was there before, which must not count as speed.
    lines(Step("fetch", "a.zip", 1, 1, 500, 1000))
    lines(Step("fetch", "a.zip", 1, 1, 500, 1000))
    lines(Step("fetch", "a.zip", 1, 1, 750, 1000))
    said = capsys.readouterr().err
    assert said == "fetching a.zip: 75% of 1000 bytes, about 40 s left\n"


def test_the_time_that_all_files_take_is_told_with_each(capsys, monkeypatch) -> None:
    """600 files, 100 of them there before; each takes 10 s, unpacking it 1 s."""
    clock = iter([0.0, 5.0, 10.0, 10.0, 45.0, 100.0, 100.0, 101.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    lines = _Lines()
    lines(Step("fetch", "101", 101, 600, 0, None))
    lines(Step("fetch", "101", 101, 600, 0, 1000))
    lines(Step("check", "101", 101, 600, 500, 1000))
    lines(Step("fetch", "102", 102, 600, 0, 1000))
    lines(Step("fetch", "102", 102, 600, 500, 1000))
    lines(Step("check", "600", 600, 600, 500, 1000))
    lines(Step("unpack", "1", 1, 600, 0, 1000))
    lines(Step("unpack", "2", 2, 600, 0, 1000))
    half = "50% of 1000 bytes, about 35 s left; all files: about 4 h 9 min left"
    assert capsys.readouterr().err.splitlines() == [
        "[101/600] fetching 101",
        "[102/600] fetching 102; all files: about 1 h 23 min left",
        f"[102/600] fetching 102: {half}",
        "[1/600] unpacking 1",
        "[2/600] unpacking 2; all files: about 10 min left",
    ]


def test_a_bar_for_all_files_on_a_terminal(server, cards, data, capsys, monkeypatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    for number in range(3):
        server.add(f"/{number}.txt", CONTENT)
    names = {"name": "case_{}.txt", "url": server.url + "/{}.txt"}
    cards.write(download={"unpack": False, "series": [{"count": 3, **names}]})
    assert run(data, "--accept-licence") == 0
    shown = capsys.readouterr().err
    assert "all files" in shown
    assert "3/3" in shown


def test_every_card_of_the_repository_can_be_asked_for() -> None:
    """Names are safe, and each source has what it needs."""
    from nnactive.data.card_fields import Download
    from nnactive.data.cards import DATASETS
    from nnactive.data.download.folders import list_items

    kinds = set()
    for path in DATASETS.glob("*/card.yaml"):
        content = yaml.safe_load(path.read_text(encoding="utf-8")).get("download")
        for item in list_items(Download.model_validate(content)) if content else ():
            kinds.add(item.file.kind)
            assert item.file.urls
    assert kinds == {"http", "drive", "synapse", "manual"}
