"""A bundle that a real run of six iterations left: verified, then corrupted."""

import subprocess
import sys
from pathlib import Path

import pytest
from bundle_corruptions import edit
from bundle_standins import CODE, MANIFEST, rewrite

from benchmark.bundles.verify.findings import failures
from benchmark.bundles.verify.verify import verify

ROOT = Path(__file__).parents[4]
RESULT = "results/tiny/seed_12345.json"


@pytest.mark.slow
def test_a_real_bundle_verifies_and_its_corruptions_do_not(phantom: Path, tmp_path: Path) -> None:
    source = tmp_path / "turns.py"
    source.write_text(CODE)
    (tmp_path / "submission.yaml").write_text(MANIFEST)
    done = subprocess.run(
        [
            *(sys.executable, "-P", "-m", "benchmark.cli", "submit", f"{source}:Turns"),
            *("--track", ROOT / "tests/e2e/tiny.yaml", "--data", phantom.parent),
            *("--runs", "runs", "--out", "board.html", "--cores", "2", "--bundle", "bundle"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "bundle"
    found = {each.check: each for each in verify(folder, phantom.parent)}
    assert not failures(found.values())
    unchecked = {name for name, each in found.items() if each.state == "not checked"}
    baselines = {"baselines' data", "baselines' starts"}
    assert unchecked == {"random streams", "signature", "attestations"} | baselines
    for check, change in (
        ("labelled voxels", edit("loops", 1, "labelled_voxels", to=lambda n: n * 10)),
        ("test labels", edit("loops", 1, "counts", "false_positives", 0, 0, to=10**6)),
        ("labels of the pool", edit("loops", 1, "labelled_foreground", 0, to=lambda n: n + 1)),
    ):
        before = (folder / RESULT).read_bytes()
        rewrite(folder, RESULT, change)
        assert check in {each.check for each in failures(verify(folder, phantom.parent))}
        (folder / RESULT).write_bytes(before)
