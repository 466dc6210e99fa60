"""The command, its table and JSON, zips, signatures; the page names every check."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from bundle_corruptions import RESULT

from benchmark.bundles.verify.verify import CHECKS, RECORD
from benchmark.bundles.zips import write_zip
from benchmark.cli.main import main

PAGE = (Path(__file__).parents[4] / "docs" / "verifying.md").read_text(encoding="utf-8")


def test_a_valid_bundle_prints_a_table(bundles, phantom, capsys) -> None:
    assert main(["verify", str(bundles / "random"), "--data", str(phantom.parent)]) == 0
    out = capsys.readouterr().out.splitlines()
    assert [line for line in out if line.startswith("test labels")]
    assert out[-1] == f"{bundles / 'random'}: verified; 35 checks passed, 5 not done"


def test_a_corrupted_one_names_the_checks_and_ends_with_2(copied, capsys) -> None:
    folder = copied("random")
    (folder / RESULT).unlink()
    assert main(["verify", str(folder), "--data", "none"]) == 2
    told = capsys.readouterr()
    assert f"{folder}: 3 of 40 checks failed: files, places, experiments" in told.err
    assert "\nfiles               FAILED       results/phantom_low/seed_1.json: listed" in told.out


def test_json_has_every_finding(copied, capsys) -> None:
    folder = copied("random")
    assert main(["verify", str(folder), "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["verified"] is True
    assert [each["check"] for each in content["findings"]] == [RECORD, *CHECKS]
    (folder / "more").write_text("")
    assert main(["verify", str(folder), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["verified"] is False


def test_a_zip_is_as_good_as_a_folder(bundles, tmp_path, capsys) -> None:
    packed = tmp_path / "random.zip"
    write_zip(bundles / "random", packed)
    assert main(["verify", str(packed)]) == 0
    packed.write_bytes(b"no zip")
    assert main(["verify", str(packed)]) == 2
    assert "a broken zip" in capsys.readouterr().err


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_a_signed_bundle_names_its_signer(copied, tmp_path, capsys, packed) -> None:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen isn't installed")
    key, bundle = tmp_path / "key", copied("random")
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(key)]
    subprocess.run(words, check=True)
    signers = tmp_path / "allowed_signers"
    signers.write_text(f"jane@example.org {key.with_suffix('.pub').read_text()}")
    if packed:
        write_zip(bundle, tmp_path / "bundle.zip")
        bundle = tmp_path / "bundle.zip"
    assert main(["sign", str(bundle), "--key", str(key)]) == 0
    capsys.readouterr()
    assert main(["verify", str(bundle), "--signers", str(signers)]) == 0
    (line,) = (x for x in capsys.readouterr().out.splitlines() if x.startswith("signature"))
    assert line.split()[1:6] == ["ok", "signed", "by", "jane@example.org", "with"]


def test_a_signature_of_other_content_fails(copied, tmp_path, capsys) -> None:
    folder = copied("random")
    (folder / "bundle.json.sig").write_text("no signature")
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen isn't installed")
    assert main(["verify", str(folder)]) == 2
    assert "1 of 40 checks failed: signature" in capsys.readouterr().err


def test_the_page_names_every_check_in_order() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and "---" not in line]
    named = [name.strip() for row in rows[1:] for name in row.split("|")[1].split(",")]
    assert set(named) == {RECORD, *CHECKS}
    assert len(named) == len(CHECKS) + 1
