"""Labels, digests, output, temporary folders and orphans."""

import os
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest

from benchmark.containers import leftovers
from benchmark.containers.container import Image
from benchmark.containers.handover import hand_over, to_read
from benchmark.containers.images import (
    LOCK,
    LOCKS,
    PROTOCOL,
    REVISION,
    VARIANT,
    check_agreement,
    other_commit,
)
from benchmark.containers.leftovers import is_orphan, this_process
from benchmark.containers.output import OutputRelay
from benchmark.containers.roles import Given, Role
from benchmark.containers.runtimes import apptainer
from nnactive import PROTOCOL_VERSION
from nnactive.errors import UserError
from nnactive.io.files import sha256

# Labels

AGAIN = "build it again: make sif VARIANT=cuda12, or use the checkout of commit c0ffee"


@pytest.fixture
def good() -> dict[str, str]:
    for name in LOCKS.values():
        Path(name).write_text(name)
    lock = sha256(Path(LOCKS["cuda12"]))
    return {PROTOCOL: PROTOCOL_VERSION, VARIANT: "cuda12", LOCK: lock, REVISION: "c0ffee"}


def agree(labels: dict[str, str], target: str = "sif") -> None:
    check_agreement(Image(reference="i", digest="sha256:1", labels=labels), target, Path.cwd())


def test_an_image_of_this_checkout_is_fine(good) -> None:
    agree(good)
    # An installation has no lock files beside it.
    Path(LOCKS["cuda12"]).unlink()
    agree(good | {LOCK: "other"})


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            {PROTOCOL: "0.9"},
            f"i: its protocol version is 0.9, this checkout's is {PROTOCOL_VERSION}; {AGAIN}",
        ),
        ({LOCK: "f" * 64}, "i: disagrees with requirements-cuda12.lock: .* ffffffffffff, "),
        ({VARIANT: "rocm"}, "i: its variant is 'rocm', this checkout knows cuda13 and cuda12; "),
    ],
)
def test_another_image_is_refused_with_both_values_and_the_way_out(good, change, line) -> None:
    with pytest.raises(UserError, match=line):
        agree(good | change)


def test_other_code_than_the_checkouts_is_told(good) -> None:
    image = Image(reference="i", digest="sha256:1", labels=good)
    assert other_commit(image, "c0ffee") is None
    assert other_commit(image, "unknown") is None
    line = other_commit(image, "0123456789abcdef+dirty")
    assert line is not None
    assert "commit c0ffee, this checkout is 0123456789ab+dirty" in line


def test_what_is_no_benchmark_image_is_told(good) -> None:
    del good[PROTOCOL]
    with pytest.raises(UserError, match=r"^i: isn't a benchmark image.*make image$"):
        agree(good, "image")


# Digests


def test_a_file_is_hashed_once(monkeypatch) -> None:
    monkeypatch.setattr(apptainer, "LARGE", 2)
    said: list[str] = []
    file = Path("x.sif")
    file.write_bytes(b"one")
    first = apptainer.sif_digest(file, said.append)
    assert first == f"sha256:{sha256(file)}"
    assert said == ["x.sif: computing its digest, once (3 bytes)"]
    monkeypatch.setattr(apptainer, "sha256", lambda _: "again")
    assert apptainer.sif_digest(file, said.append) == first
    os.utime(file, ns=(1, 1))
    assert apptainer.sif_digest(file, said.append) == "sha256:again"
    apptainer.digests_file().write_text("{broken")
    assert apptainer.sif_digest(file, said.append) == "sha256:again"


def test_a_cache_that_can_not_be_written_costs_only_time(monkeypatch) -> None:
    Path("file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", "file")
    Path("x.sif").write_bytes(b"one")
    assert apptainer.sif_digest(Path("x.sif"), print) == f"sha256:{sha256(Path('x.sif'))}"


def test_a_user_without_a_home_has_containers_too(monkeypatch) -> None:
    monkeypatch.delenv("HOME")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)
    Path("x.sif").write_bytes(b"one")
    assert apptainer.sif_digest(Path("x.sif"), print) == f"sha256:{sha256(Path('x.sif'))}"
    assert to_read(Path("x.sif")) == Path("x.sif").resolve()


# Output


def spoken(names: dict[str, str], *parts: bytes) -> list[tuple[str, bool]]:
    told: list[tuple[str, bool]] = []
    relay = OutputRelay(
        {PurePosixPath(key): value for key, value in names.items()},
        lambda line, err: told.append((line, err)),
    )
    for part in parts:
        relay.streams.err(part)
    relay.end()
    return told


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("error: /data/acdc: not prepared", "error: d/acdc: not prepared"),
        ("run: prepare --data /data", "run: prepare --data d"),
        ("see '/results/demo/log.txt'.", "see 'my runs/demo/log.txt'."),
        ("it lies in /data.", "it lies in d."),
        ("add --volume DIR:/data:ro", "add --volume DIR:/data:ro"),
        ("/opt/data /database /data-2 x/data", "/opt/data /database /data-2 x/data"),
    ],
)
def test_places_have_the_hosts_names(said, told) -> None:
    names = {"/data": "d", "/results": "my runs"}
    assert spoken(names, f"{said}\n".encode()) == [(f"{told}\n", True)]


def test_lines_are_whole_and_the_last_needs_no_end() -> None:
    parts = (b"a /da", b"ta/x\nb\xc3", b"\xa4\nc")
    assert spoken({"/data": "d"}, *parts) == [("a d/x\n", True), ("bä\n", True), ("c", True)]


def test_nothing_is_said_after_mute() -> None:
    told: list[str] = []
    relay = OutputRelay({}, lambda line, _: told.append(line))
    relay.streams.out(b"one\n")
    relay.streams.mute()
    relay.streams.out(b"two\n")
    assert told == ["one\n"]


# Scratch and orphans


def gone() -> str:
    """What a process that is gone had said of itself."""
    code = "from benchmark.containers.leftovers import this_process; print(this_process())"
    root = Path(__file__).parents[3]
    env = {**os.environ, "PYTHONPATH": str(root)}
    return subprocess.check_output([sys.executable, "-c", code], text=True, env=env).strip()


def test_an_orphan_is_one_of_a_process_that_ran_here_and_is_gone() -> None:
    caller = gone()
    assert is_orphan(caller)
    assert not is_orphan(this_process())
    boot, *rest = caller.split()
    assert not is_orphan(" ".join([f"{boot}x", *rest]))
    # Its number was given to another process since.
    *machine, _, _ = this_process().split()
    assert is_orphan(" ".join([*machine, str(os.getpid()), "1"]))
    for nonsense in ("", "x", "a b c d"):
        assert not is_orphan(nonsense)


def test_scratch_is_gone_afterwards_and_so_is_that_of_a_killed_call(tmp_path) -> None:
    base = tmp_path / "tmp"
    for name, text in {"dead": gone(), "alive": this_process(), "strange": "?"}.items():
        (base / f"{leftovers.PREFIX}{name}").mkdir()
        (base / f"{leftovers.PREFIX}{name}" / leftovers.MARK).write_text(text)
    (base / f"{leftovers.PREFIX}pipe").mkdir()
    os.mkfifo(base / f"{leftovers.PREFIX}pipe" / leftovers.MARK)
    with leftovers.scratch_folder(None) as folder:
        assert folder.parent == base
        there = {path.name.removeprefix(leftovers.PREFIX) for path in base.iterdir()}
        assert there == {"alive", "strange", "pipe", folder.name.removeprefix(leftovers.PREFIX)}
    assert not folder.exists()
    with leftovers.scratch_folder(Path("mine")) as own:
        assert own.parent == Path("mine").resolve()


def test_a_tracks_run_is_mounted_with_the_folder_around_it(tmp_path: Path) -> None:
    root = tmp_path / "runs/main"
    root.mkdir(parents=True)
    given = [Given("", (str(root),), Role.TRACK_RUN), Given("", ("s.random.seed_1",), Role.TEXT)]
    handover = hand_over(("shard",), given)
    assert handover.arguments == ("shard", "/results/main", "s.random.seed_1")
    (mount,) = handover.mounts
    assert (mount.source, mount.writable) == (root.parent, True)
