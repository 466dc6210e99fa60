from importlib import metadata

from benchmark.machine.findings import Finding
from benchmark.machine.versions import (
    differences,
    image_finding,
    lock_finding,
    versions_finding,
)
from benchmark.results import ImageUsed
from benchmark.submission.pins import locked
from nnactive.io.files import sha256

LOCK = """# Every package.
click=={click} \\
    --hash=sha256:aa \\
    --hash=sha256:bb
nobody-has-this==1.0 ; python_version > "3" \\
    --hash=sha256:cc
"""


def test_pins_are_the_lines_with_a_version(tmp_path) -> None:
    lock = tmp_path / "lock"
    lock.write_text(LOCK.format(click="8.1"))
    assert locked(lock) == {"click": "8.1", "nobody-has-this": "1.0"}


def test_every_difference_is_told_by_name() -> None:
    pinned = {"a": "1.0", "b": "13.0.3.0", "c": "2.14.1", "d": "3", "e": "1rc1"}
    there = {"a": "1.1", "b": "13.0.3", "c": "2.14.1+cu130", "e": "1rc1"}
    assert differences(pinned, there) == ["a is 1.1 instead of 1.0", "d 3 is missing"]


def test_what_is_installed_is_compared_with_the_lock_file(tmp_path) -> None:
    lock = tmp_path / "requirements.lock"
    assert versions_finding(lock, inside=False).state == "note"
    lock.write_text(LOCK.format(click=metadata.version("click")))
    finding = versions_finding(lock, inside=True)
    assert finding.state == "FAILED"
    assert finding.detail == f"{lock}: nobody-has-this 1.0 is missing; build the image again"
    lock.write_text("click==0.1\n")
    outside = versions_finding(lock, inside=False).detail
    assert f"click is {metadata.version('click')} instead of 0.1; remove .venv" in outside
    lock.write_text(f"click=={metadata.version('click')}\n")
    assert versions_finding(lock, inside=False).state == "ok"


def test_the_lock_file_must_be_the_images(tmp_path) -> None:
    lock = tmp_path / "requirements.lock"
    assert lock_finding(lock, "0" * 64).state == "FAILED"
    lock.write_text("click==8\n")
    assert lock_finding(lock, sha256(lock)).state == "ok"
    other = lock_finding(lock, "0" * 64)
    assert other.state == "FAILED"
    assert f"(SHA-256 {sha256(lock)[:12]} instead of 000000000000)" in other.detail


def test_the_image_is_told_as_results_name_it() -> None:
    assert image_finding(None).state == "ok"
    used = ImageUsed(digest=None, variant="cuda12", lock="0")
    assert image_finding(used).state == "note"
    named = used.model_copy(update={"digest": "sha256:ab", "requirements": ("a==1",)})
    assert image_finding(named) == Finding(
        "image",
        "ok",
        "cuda12, with 1 packages of a submission, sha256:ab",
    )
