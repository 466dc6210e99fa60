"""Signatures with real keys of OpenSSH, and the level that attestations give."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from benchmark.bundles.levels import Attestation, Repeated
from benchmark.bundles.signed.attestations import FOLDER, read_attestations, standing
from benchmark.bundles.signed.ssh import TOOL, check, sign, signature_file
from benchmark.results import Environment
from nnactive.errors import UserError
from nnactive.io.files import write_model

DIGEST = "ab" * 32
ENVIRONMENT = Environment(
    python="3.11.2", packages={}, commit="0123abc", cpu="Some CPU", cores=2, accelerator=None
)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    if shutil.which(TOOL) is None:
        pytest.skip(f"{TOOL} isn't installed")
    path = tmp_path / "key"
    subprocess.run([TOOL, "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path], check=True)
    return path


@pytest.fixture
def signers(key: Path) -> Path:
    path = key.with_name("allowed_signers")
    path.write_text(f"jane@example.org {key.with_suffix('.pub').read_text()}")
    return path


@pytest.fixture
def record(tmp_path: Path) -> Path:
    path = tmp_path / "bundle.json"
    path.write_text("{}\n")
    return path


def attest(folder: Path, name: str, level: str = "replayed", **changes: object) -> Path:
    repeated = Repeated(setting="s", seed=1, loops=(0, 1), agrees=True)
    fields = {
        "bundle": DIGEST,
        "level": level,
        "by": "Jane Doe",
        "done": "2026-03-02T10:00:00Z",
        "repeated": (repeated,),
        "environment": ENVIRONMENT,
    }
    path = folder / FOLDER / f"{name}.json"
    write_model(path, Attestation(**(fields | changes)))
    return path


def test_a_signature_names_its_signer(record, key, signers) -> None:
    assert check(record, signers).state == "unsigned"
    assert sign(record, key) == signature_file(record)
    found = check(record, signers)
    assert found.state == "signed"
    assert found.detail.startswith("signed by jane@example.org with SHA256:")


def test_a_key_that_nobody_knows_is_told(record, key, tmp_path) -> None:
    sign(record, key)
    assert check(record, None).state == "unknown key"
    empty = tmp_path / "nobody"
    empty.write_text("")
    found = check(record, empty)
    assert (found.state, "nobody doesn't have" in found.detail) == ("unknown key", True)
    with pytest.raises(UserError, match="no such list"):
        check(record, tmp_path / "missing")


@pytest.mark.parametrize("change", ["content", "signature", "rubbish", "binary", "link", "huge"])
def test_a_wrong_signature_is_told(record, key, signers, change) -> None:
    sign(record, key)
    place = signature_file(record)
    if change == "content":
        record.write_text("{ }\n")
    elif change == "signature":
        lines = place.read_text().splitlines()
        lines[2] = lines[2][::-1]
        place.write_text("\n".join(lines))
    elif change == "link":
        place.rename(place.with_name("other"))
        place.symlink_to(place.with_name("other"))
    else:
        contents = {"rubbish": b"no signature", "binary": b"\xff\0", "huge": b"a" * 100_000}
        place.write_bytes(contents[change])
    assert check(record, signers).state == "wrong"


def test_a_signature_for_another_purpose_is_wrong(record, key, signers) -> None:
    words = [TOOL, "-Y", "sign", "-q", "-f", key, "-n", "git"]
    done = subprocess.run(words, input=record.read_bytes(), capture_output=True, check=True)
    signature_file(record).write_bytes(done.stdout)
    assert check(record, signers).state == "wrong"


def test_without_the_tool_that_is_said(record, key, signers, monkeypatch) -> None:
    sign(record, key)
    monkeypatch.setenv("PATH", "/nowhere")
    found = check(record, signers)
    assert (found.state, "isn't installed" in found.detail) == ("not checked", True)
    with pytest.raises(UserError, match="install OpenSSH"):
        sign(record, key)


def test_what_is_no_key_names_the_way_out(record, tmp_path) -> None:
    with pytest.raises(UserError, match="no such key; make one"):
        sign(record, tmp_path / "key")


def test_the_level_is_the_highest_that_agrees(tmp_path, key, signers) -> None:
    assert standing(read_attestations(tmp_path, DIGEST)).level == "reported"
    attest(tmp_path, "one")
    other = Repeated(setting="s", seed=2, loops=(1,), agrees=False)
    attest(tmp_path, "two", "re-run", repeated=(other,))
    attest(tmp_path, "three", "re-run", bundle="cd" * 32)
    attest(tmp_path, "four", "re-run", repeated=())
    read = read_attestations(tmp_path, DIGEST, signers)
    reached = standing(read)
    assert (reached.level, reached.by, reached.signed) == ("replayed", ("Jane Doe",), False)
    by_name = {each.name: each for each in read}
    assert "another bundle" in by_name["three.json"].problem
    assert by_name["four.json"].problem == "repeated nothing"
    assert by_name["two.json"].disagrees == "Jane Doe got a different outcome for s, seed 2"
    sign(attest(tmp_path, "five", "re-run", by="John Doe"), key)
    reached = standing(read_attestations(tmp_path, DIGEST, signers))
    assert (reached.level, reached.by, reached.signed) == ("re-run", ("John Doe",), True)


def test_a_broken_attestation_counts_nothing(tmp_path, key) -> None:
    path = attest(tmp_path, "one", "re-run")
    sign(path, key)
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {"by": "Somebody else"}))
    attest(tmp_path, "two").write_text('{"level": "re-run"}')
    attest(tmp_path, "three", by=" ")
    read = read_attestations(tmp_path, DIGEST)
    assert [bool(each.problem) for each in read] == [True, True, True]
    assert standing(read).level == "reported"


def test_an_unsigned_name_hides_behind_no_signature(tmp_path, key, signers) -> None:
    sign(attest(tmp_path, "jane"), key)
    attest(tmp_path, "forged", by="Board of Directors")
    found = standing(read_attestations(tmp_path, DIGEST, signers))
    assert (found.by, found.signed) == (("Jane Doe",), True)
