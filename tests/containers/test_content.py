"""What stands in the images: the same packages in both, listed; nothing that only a build needs."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from benchmark.image.record import ImageRecord
from nnactive import PROTOCOL_VERSION

ROOT = Path(__file__).parents[2]
DEBIAN = "dpkg-query -W -f '${Package}=${Version}\\n'"


def read(runtime, path: str) -> str:
    done = runtime.run(path, program="cat")
    assert done.status == 0, done.err
    return done.out


def shell(runtime, line: str) -> str:
    return runtime.run("-c", line, program="/bin/sh").out


@pytest.fixture(scope="session")
def record(runtime) -> ImageRecord:
    return ImageRecord.model_validate_json(read(runtime, "/opt/benchmark/image.json"))


def test_the_record_is_of_this_project(record):
    lock = "requirements.lock" if record.variant == "cuda13" else "requirements-cuda12.lock"
    assert record.lock == hashlib.sha256((ROOT / lock).read_bytes()).hexdigest()
    assert (record.nnunet, record.protocol) == ("2.8.1", PROTOCOL_VERSION)
    assert re.fullmatch(r"[0-9a-f]{40}(\+dirty)?", record.commit)


def test_the_labels_say_the_same(runtime, record):
    labels = runtime.labels()
    oci = {
        name: labels[f"org.opencontainers.image.{name}"]
        for name in ("title", "version", "revision", "licenses")
    }
    assert oci == {
        "title": "nnActive benchmark",
        "version": record.version,
        "revision": record.commit,
        "licenses": "Apache-2.0",
    }
    own = {
        name: labels[f"org.nnactive.{name}"] for name in ("nnunet", "protocol", "variant", "lock")
    }
    assert own == record.model_dump(include=set(own))


def test_the_list_names_every_package_that_is_locked_and_debians(runtime):
    listed = {
        (re.sub(r"[-_.]+", "-", part["name"]).lower(), part["version"])
        for part in json.loads(read(runtime, "/opt/benchmark/sbom.json"))["components"]
        if "version" in part
    }
    locked = set(
        re.findall(
            r"^([a-z0-9._-]+)==([^ ]+)",
            read(runtime, "/opt/benchmark/requirements.lock"),
            re.MULTILINE,
        )
    )
    assert len(locked) > 100
    assert {(re.sub(r"[-_.]+", "-", name), version) for name, version in locked} <= listed
    debian = dict(line.split("=", 1) for line in shell(runtime, DEBIAN).split())
    assert len(debian) > 50
    missing = {
        (name, version)
        for name, version in debian.items()
        if (re.sub(r"[-_.]+", "-", name), version) not in listed
    }
    assert not missing


def test_both_hold_the_same_packages(docker, apptainer):
    for line in (DEBIAN, "/opt/benchmark/venv/bin/python -m pip freeze --exclude-editable"):
        assert shell(docker, line).split() == shell(apptainer, line).split()
    assert json.loads(read(docker, "/opt/benchmark/sbom.json")) == json.loads(
        read(apptainer, "/opt/benchmark/sbom.json")
    )


def test_no_compilers_and_no_caches(runtime):
    assert not shell(runtime, "command -v gcc cc g++ clang make git").split()
    kept = "find /var/lib/apt/lists /var/cache/apt /root/.cache /tmp -type f 2>/dev/null"
    assert not shell(runtime, kept).split()
    compiled = shell(runtime, "find /opt/benchmark/nnactive -name '*.pyc'").split()
    assert len(compiled) > 50  # on purpose: a root that can't be written can't keep them later


def test_it_holds_no_tests_and_no_data(runtime):
    there = set(shell(runtime, "ls -A /opt/benchmark").split())
    assert {"nnactive", "benchmark", "leaderboard", "datasets", "examples", "venv"} <= there
    assert not there & {"tests", ".git", ".ci", "data", "runs"}
    assert shell(runtime, "ls -A /opt/benchmark/docs").split() == ["protocol.md"]
    volumes = "find / -xdev -name '*.nii.gz' -not -path '*/site-packages/*' 2>/dev/null"
    assert not shell(runtime, volumes).split()


def test_nobody_else_can_write_what_runs(runtime):
    assert not shell(runtime, "find /opt/benchmark ! -type l -perm -o+w | head -3").split()


def test_no_network_and_a_root_that_cannot_be_written(runtime):
    line = "import socket; socket.create_connection(('1.1.1.1', 53), timeout=3)"
    done = runtime.run("-c", line, program="/opt/benchmark/venv/bin/python")
    assert "unreachable" in done.err
    assert "Read-only file system" in runtime.run("-c", "touch /opt/x", program="/bin/sh").err
    assert shell(runtime, "id -u").strip() == str(runtime.uid)
