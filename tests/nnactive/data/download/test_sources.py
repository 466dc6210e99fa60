"""Manual downloads, Google Drive and Synapse; server and Synapse are stand-ins."""

import sys
import threading
import types
from pathlib import Path
from typing import Any

import pytest
from downloads import ARCHIVE, FILES, Place, one, sha, tar, tree
from loopback import Loopback

from nnactive.data.cards import Card
from nnactive.data.download import patience
from nnactive.data.download.patience import TransferError
from nnactive.data.download.sources import StepsNeededError
from nnactive.errors import UserError


def test_manual_files(place: Place) -> None:
    login = "Register at example.org and download a.tar."
    card = place.card(login=login, **one("https://example.org", kind="manual"))
    wanted = place.folders.archives / "a.tar"
    with pytest.raises(
        StepsNeededError, match=rf"{wanted}: has to be downloaded by hand"
    ) as caught:
        place.bring(card)
    assert (caught.value.steps, caught.value.place) == (login, wanted)
    wanted.write_bytes(ARCHIVE[:3000])
    with pytest.raises(UserError, match="truncated or damaged"):
        place.bring(card)
    wanted.write_bytes(ARCHIVE)
    assert place.bring(card).files == 2
    assert tree(place.folders.files) == FILES


def test_google_drive_through_its_client(server: Loopback, place: Place) -> None:
    """The real gdown, which accepts other addresses too; here the stand-in server's."""
    pytest.importorskip("gdown")
    large = tar(FILES | {"noise": bytes(3 << 20)})
    url = server.add("/uc", large, cut=[0.5])
    card = place.card(extra="drive", **one(url, sha256=sha(large), kind="drive"))
    place.bring(card)
    assert tree(place.folders.archives) == {"a.tar": large}
    assert server.ranges("/uc")[-1] == f"bytes={3 << 19}-"
    assert any(step.stage == "fetch" for step in place.steps)


def test_google_drive_that_is_cut_waits_tell_it(server, place, monkeypatch) -> None:
    pytest.importorskip("gdown")
    monkeypatch.setattr(patience, "BACK_OFF", 0.1)
    url = server.add("/uc", ARCHIVE, close=True)
    with pytest.raises(TransferError, match=r"without response.*, 6 times in a row"):
        place.bring(place.card(**one(url, sha256=sha(ARCHIVE), kind="drive")))
    assert {step.name for step in place.steps if step.stage == "wait"} == {
        f"a.tar: Remote end closed connection without response; attempt {number} of 6 follows"
        for number in (3, 4, 5, 6)
    }


def test_google_drive_that_trickles_is_given_up(server, place, monkeypatch) -> None:
    pytest.importorskip("gdown")
    monkeypatch.setattr(patience, "SILENCE", 0.1)
    monkeypatch.setattr(patience, "LONGEST", 0.4)
    url = server.add("/uc", ARCHIVE, drip=[0.05])
    card = place.card(**one(url, sha256=sha(ARCHIVE), kind="drive"))
    with pytest.raises(TransferError, match=r"less than 1\.0 KiB/s came from Google Drive for 0 s"):
        place.bring(card)
    waits = {step.name for step in place.steps if step.stage == "wait"}
    assert waits == {"a.tar: nothing comes from Google Drive; gave up after 0 s of silence"}


def test_google_drive_has_to_fit_on_the_disk(server, place, monkeypatch) -> None:
    pytest.importorskip("gdown")
    url = server.add("/uc", ARCHIVE)
    card = place.card(**one(url, sha256=sha(ARCHIVE), kind="drive"))
    monkeypatch.setattr("nnactive.data.disk.free", lambda _: 100_000)
    with pytest.raises(UserError, match=r"what is unpacked from it need at least 110\.0 KiB"):
        place.bring(card)


@pytest.mark.parametrize(("path", "cause"), [("/nothing", "404"), ("/quota", "is a web page")])
def test_google_drive_refuses(server: Loopback, place: Place, path: str, cause: str) -> None:
    pytest.importorskip("gdown")
    server.add("/quota", b"<html>quota exceeded</html>")
    card = place.card(**one(server.url + path, sha256=sha(ARCHIVE), kind="drive"))
    with pytest.raises(TransferError, match=rf"{cause}.* or put the file at .*a\.tar yourself"):
        place.bring(card)
    assert tree(place.folders.archives) == {}


@pytest.mark.parametrize(
    ("kind", "module", "error"),
    [("drive", "gdown", UserError), ("synapse", "synapseclient", StepsNeededError)],
)
def test_a_missing_extra_is_named(place: Place, monkeypatch, kind, module, error) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    card = place.card(**one("x", kind=kind))
    with pytest.raises(error, match=rf"run: pip install 'nnactive-bench\[{kind}\]'"):
        place.bring(card)


class Synapse:
    """Stand-in for the parts of synapseclient that are used."""

    class SynapseError(Exception):
        pass

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.token = True
        self.tree: dict[str, bytes] | bytes = {}
        self.fails_after: int | None = None
        self.fetched: list[str] = []
        parts = {
            "synapseclient": {"login": self.login},
            "synapseclient.core.exceptions": {"SynapseError": self.SynapseError},
            "synapseclient.models": {
                "FailureStrategy": types.SimpleNamespace(RAISE_EXCEPTION="raise")
            },
            "synapseclient.operations": {"FileOptions": dict, "get": self.get},
        }
        for name, content in parts.items():
            module = types.ModuleType(name)
            vars(module).update(content)
            monkeypatch.setitem(sys.modules, name, module)
        monkeypatch.setitem(sys.modules, "synapseclient.core", types.ModuleType("core"))

    def login(self, *, silent: bool) -> str:
        if not self.token:
            raise self.SynapseError("no credentials")
        return "client"

    def get(self, entity: str, *, file_options: dict[str, Any], synapse_client: str) -> Any:
        assert (entity, synapse_client) == ("syn1", "client")
        if isinstance(self.tree, bytes):
            path = Path(file_options["download_location"]) / "name at Synapse.tar"
            path.write_bytes(self.tree)
            return types.SimpleNamespace(path=str(path))
        return types.SimpleNamespace(sync_from_synapse=self.sync)

    def sync(self, path: str, if_collision: str, failure_strategy: str, **_: Any) -> None:
        assert (if_collision, failure_strategy) == ("keep.local", "raise")
        for number, (name, content) in enumerate(self.tree.items()):
            place = Path(path) / name
            if place.exists():
                continue
            if number == self.fails_after:
                raise self.SynapseError("connection lost")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
            self.fetched.append(name)


@pytest.fixture
def synapse(monkeypatch: pytest.MonkeyPatch) -> Synapse:
    return Synapse(monkeypatch)


def folder_card(place: Place) -> Card:
    files = [{"name": "MAMA-MIA", "urls": ["syn1"], "kind": "synapse"}]
    return place.card(login="Get a token.", unpack=False, extra="synapse", files=files)


def test_a_synapse_folder(place: Place, synapse: Synapse) -> None:
    synapse.tree = {"images/a_0000.nii.gz": b"a", "images/b.nii.gz": b"b", "seg/a.nii.gz": b"c"}
    synapse.fails_after = 2
    card = folder_card(place)
    with pytest.raises(TransferError, match="MAMA-MIA: download failed: syn1: connection lost"):
        place.bring(card)
    assert not (place.folders.archives / "MAMA-MIA").exists()
    synapse.fails_after = None
    outcome = place.bring(card)
    assert synapse.fetched == list(synapse.tree)
    assert tree(place.folders.files / "MAMA-MIA") == synapse.tree
    assert (outcome.archives, outcome.published) == (3, False)
    assert place.bring(card).before
    (place.folders.archives / "MAMA-MIA" / "seg" / "a.nii.gz").write_bytes(b"other")
    with pytest.raises(UserError, match=r"seg/a\.nii\.gz: sha256 is .* instead of the first d"):
        place.bring(card)


def test_synapse_that_falls_silent_is_told_and_given_up(place, synapse, monkeypatch) -> None:
    monkeypatch.setattr(patience, "SILENCE", 0.02)
    monkeypatch.setattr(patience, "LONGEST", 0.3)
    ended = threading.Event()

    def stuck(path: str, **_: Any) -> None:
        (Path(path) / "a").write_bytes(b"123")
        ended.wait(30)

    monkeypatch.setattr(synapse, "sync", stuck)
    with pytest.raises(TransferError, match=r"syn1: less than 1.0 KiB/s came from Synapse for"):
        place.bring(folder_card(place))
    ended.set()
    assert [step.done for step in place.steps if step.stage == "fetch"][-1] == 3
    waits = {step.name for step in place.steps if step.stage == "wait"}
    assert waits <= {
        "MAMA-MIA: nothing comes from Synapse; gave up after 0 s of silence",
        "MAMA-MIA: less than 1.0 KiB/s comes from Synapse; gave up after 0 s of that",
    }
    assert waits


def test_a_synapse_file(place: Place, synapse: Synapse) -> None:
    synapse.tree = ARCHIVE
    place.bring(place.card(**one("syn1", kind="synapse", sha256=sha(ARCHIVE))))
    assert tree(place.folders.archives) == {"a.tar": ARCHIVE}
    assert tree(place.folders.files) == FILES


def test_synapse_without_a_login(place: Place, synapse: Synapse) -> None:
    synapse.token = False
    card = folder_card(place)
    wanted = place.folders.archives / "MAMA-MIA"
    with pytest.raises(
        StepsNeededError, match=r"login to Synapse failed \(no credentials\)"
    ) as caught:
        place.bring(card)
    assert (caught.value.steps, caught.value.place) == ("Get a token.", wanted)
    wanted.mkdir()
    with pytest.raises(UserError, match="MAMA-MIA: contains no files"):
        place.bring(card)
    (wanted / "images").mkdir()
    (wanted / "images" / "a.nii.gz").write_bytes(b"a")
    assert place.bring(card).files == 1
    place.steps.clear()
    for name in "bc":
        (wanted / "images" / f"{name}.nii.gz").write_bytes(name.encode() * 100)
    assert place.bring(card).files == 3
    # One bar for the whole folder, and files read before are not read again.
    told = [(step.stage, step.done, step.total) for step in place.steps]
    assert told == [("check", 100, 200), ("check", 200, 200)]
