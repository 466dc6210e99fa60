"""A hostile bundle neither crashes nor hangs `verify`, nor takes much memory; it fails."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from bundle_corruptions import RESULT
from bundle_standins import rewrite, seal

from benchmark.bundles.bounded import bounded_json, read_bounded
from benchmark.bundles.verify.findings import failures
from benchmark.bundles.verify.verify import CHECKS, RECORD, verify
from benchmark.results import ExperimentResult
from nnactive.errors import UserError

MiB: Final = 1 << 20
TEXTS: Final[dict[str, bytes]] = {
    "empty": b"",
    "no JSON": b"hello",
    "a list": b"[]",
    "null": b"null",
    "1 MB of wrong loops": b'{"loops": [' + b"1," * (MiB // 2) + b"1]}",
    "1 MB of lists": b'{"loops": [' + b"[]," * (MiB // 3) + b"1]}",
    "1 MB of fields": b"{" + b",".join(b'"%x":0' % n for n in range(MiB // 10)) + b"}",
    "deep lists": b"[" * MiB,
    "deep objects": b'{"a":' * 200_000,
    "20 levels": b"[" * 20 + b"]" * 20,
    "NaN": b'{"seed": NaN}',
    "infinity": b'{"seed": -Infinity}',
    "a float beyond all": b'{"seed": 1e999}',
    "10^400": b'{"seed": 1' + b"0" * 400 + b"}",
    "10^100000": b'{"seed": 1' + b"0" * 100_000 + b"}",
    "half a surrogate pair": b'{"track": "\\ud800"}',
    "not UTF-8": b'{"track": "\xff"}',
    "a byte order mark": b'\xef\xbb\xbf{"track": 1}',
    "a huge text": b'{"track": "' + b"x" * MiB + b'"}',
    "a key twice": b'{"track": "a", "track": "b"}',
    "null bytes": b"\0" * MiB,
    "9 MiB": b" " * (9 * MiB),
}
CODE: Final[dict[str, bytes]] = {
    "no Python": b"def",
    "nested": b"(" * 100_000,
    "nested signs": b"x = " + b"-" * 1_000_000 + b"1",
    "nested lists": b"x = " + b"[" * 90 + b"]" * 90,
    "a sum of a million": b"x = " + b"1+" * 500_000 + b"1",
    "a huge number": b"x = " + b"9" * 100_000,
    "null bytes": b"\0" * 1000,
    "3 MiB": b"#" * (3 * MiB),
    "blocks": b"".join(b" " * n + b"if x:\n" for n in range(300)),
}
YAML: Final[dict[str, bytes]] = {
    "references": b"a: &a [x, x]\n" + b"".join(b"b%d: &b%d [*a, *a]\n" % (n, n) for n in range(50)),
    "nested": b"authors: " + b"[" * 10_000,
    "a tag": b"name: !!python/object/apply:os.system ['true']\n",
    "not UTF-8": b"name: \xff\n",
    "1 MiB": b"#" * MiB,
    "a list": b"- name\n",
}


def bounded(folder: Path) -> set[str]:
    """Names of the checks that fail, in a process that may take 2 GiB."""
    code = (
        "import resource, sys, json; from pathlib import Path;"
        "resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30));"
        "from benchmark.bundles.verify.verify import verify;"
        "from benchmark.bundles.verify.findings import failures;"
        "print(json.dumps([each.check for each in failures(verify(Path(sys.argv[1])))]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def replaced(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    seal(folder)


@pytest.mark.parametrize("name", TEXTS)
def test_a_file_that_is_no_result_is_refused_at_once(tmp_path, name) -> None:
    path = tmp_path / "result.json"
    path.write_bytes(TEXTS[name])
    begin = time.process_time()
    with pytest.raises(UserError) as caught:
        read_bounded(path, ExperimentResult)
    assert time.process_time() - begin < 3
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_megabyte_of_errors_takes_little_memory(tmp_path) -> None:
    path = tmp_path / "result.json"
    path.write_bytes(TEXTS["1 MB of wrong loops"])
    code = (
        "import sys; from pathlib import Path;"
        "from benchmark.bundles.bounded import read_bounded;"
        "from benchmark.results import ExperimentResult;"
        "from nnactive.errors import UserError\n"
        "try: read_bounded(Path(sys.argv[1]), ExperimentResult)\n"
        "except UserError: print(Path('/proc/self/status').read_text())"
    )
    words = [sys.executable, "-c", code, str(path)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    # Not the peak of getrusage, which begins with that of the process that started this one.
    (peak,) = (line for line in done.stdout.splitlines() if line.startswith("VmHWM"))
    assert int(peak.split()[1]) < 200 * 1024


def test_what_a_file_may_hold_is_read() -> None:
    text = '{"a": [1, -2, 1.5, 1e3, true, null, "\\ud83d\\ude00"], "b": {}}'
    assert bounded_json(text) == {"a": [1, -2, 1.5, 1e3, True, None, "\U0001f600"], "b": {}}


@pytest.mark.parametrize("name", TEXTS)
def test_a_hostile_result_fails_and_nothing_else_is_lost(copied, name) -> None:
    folder = copied("random")
    replaced(folder, RESULT, TEXTS[name])
    found = {each.check: each for each in verify(folder)}
    assert found["schema"].state == "FAILED"
    assert found["schema"].detail.startswith(RESULT) or name == "9 MiB"
    assert found["labelled voxels"].state == "ok"
    assert list(found) == [RECORD, *CHECKS]


@pytest.mark.parametrize("name", TEXTS)
def test_a_hostile_record_fails_and_nothing_is_checked(copied, name) -> None:
    folder = copied("random")
    (folder / RECORD).write_bytes(TEXTS[name])
    first, *others = verify(folder)
    assert (first.check, first.state) == (RECORD, "FAILED")
    assert {each.state for each in others} == {"not checked"}


@pytest.mark.parametrize("name", CODE)
def test_hostile_code_is_hashed_or_refused(copied, name) -> None:
    folder = copied("submission")
    (file,) = folder.glob("code/files/*.py")
    replaced(folder, str(file.relative_to(folder)), CODE[name])
    assert "code" in {each.check for each in failures(verify(folder))}


@pytest.mark.parametrize("name", YAML)
def test_a_hostile_manifest_is_refused(copied, name) -> None:
    folder = copied("random")
    replaced(folder, "submission.yaml", YAML[name])
    begin = time.process_time()
    assert "manifest" in {each.check for each in failures(verify(folder))}
    assert time.process_time() - begin < 10


def _seeds(track: Any) -> None:
    track["seeds"] = list(range(100_000))


def _huge_budget(result: Any) -> None:
    result["setting"]["query_size"] = result["setting"]["starting_budget"] = 10**18


def _huge_pool(result: Any) -> None:
    result["dataset"]["pool_shapes"] = {
        case: [10**6] * 3 for case in result["dataset"]["pool_shapes"]
    }
    result["setting"]["patch_size"] = [1, 1, 1]


def _no_pool(result: Any) -> None:
    result["dataset"]["pool_shapes"] = {
        case: [0, -1, 5] for case in result["dataset"]["pool_shapes"]
    }


def _ragged(result: Any) -> None:
    result["loops"][1]["patches"]["start"][2] = []


def _huge_starts(result: Any) -> None:
    result["loops"][1]["patches"]["start"][0] = [10**18] * 8


def _many_loops(result: Any) -> None:
    result["loops"] = result["loops"] * 300


NUMBERS: Final[dict[str, tuple[str, Callable[[Any], None]]]] = {
    "a hundred thousand seeds": ("track.json", _seeds),
    "a budget of 10^18": (RESULT, _huge_budget),
    "a pool of 10^18 voxels": (RESULT, _huge_pool),
    "a pool of nothing": (RESULT, _no_pool),
    "ragged columns": (RESULT, _ragged),
    "starts of 10^18": (RESULT, _huge_starts),
    "nine hundred loops": (RESULT, _many_loops),
}


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("bundle", ["random", "random_fg33"])
def test_numbers_that_nothing_can_have_take_no_time(copied, phantom, bundle, name) -> None:
    folder = copied(bundle)
    rewrite(folder, *NUMBERS[name])
    begin = time.process_time()
    assert failures(verify(folder, phantom.parent))
    assert time.process_time() - begin < 10


def test_names_that_leave_the_folder_are_not_followed(copied) -> None:
    folder = copied("random")
    secret = folder.parent / "secret.json"
    secret.write_text("{}")
    content = json.loads((folder / RECORD).read_text())
    for name in ("../secret.json", str(secret), "results/../../secret.json"):
        content["files"][name] = {"size": 2, "sha256": "0" * 64}
    (folder / RECORD).write_text(json.dumps(content))
    found = {each.check: each for each in verify(folder)}
    assert found["files"].state == "FAILED"
    assert "secret" not in found["hashes"].detail


def test_a_folder_of_links_and_a_loop_of_them_end(copied) -> None:
    folder = copied("random")
    (folder / "again").symlink_to(folder, target_is_directory=True)
    (folder / "results" / "proc").symlink_to("/proc")
    found = {each.check: each for each in verify(folder)}
    assert found["files"].state == "FAILED"
    assert "a link" in found["files"].detail


def test_what_readers_see_of_a_hostile_text_is_one_plain_line(copied) -> None:
    folder = copied("random")
    text = "\x1b[31m\N{RIGHT-TO-LEFT OVERRIDE}\nall checks passed" + "x" * 5000
    rewrite(folder, RESULT, lambda result: result.update(track=text))
    for each in verify(folder):
        assert each.detail.isprintable()
        assert len(each.detail) < 400


def test_all_that_at_once_in_a_small_process(copied) -> None:
    folder = copied("submission")
    (folder / RESULT).write_bytes(TEXTS["1 MB of wrong loops"])
    (folder / "submission.yaml").write_bytes(YAML["references"])
    (file,) = folder.glob("code/files/*.py")
    file.write_bytes(CODE["nested signs"])
    seal(folder)
    assert {"schema", "manifest", "code"} <= bounded(folder)
