"""Entries are opened as bundles are; the command that reproduces them."""

import json
import shutil
from pathlib import Path

import pytest
from bundle_standins import SEEDS, built_in, submitted, track, write

from benchmark.bundles.reproduce.entry import attestations_of, code_of, open_entry, place_of
from benchmark.bundles.zips import write_zip
from benchmark.cli.main import main
from nnactive.errors import UserError
from nnactive.io.files import write_text


@pytest.fixture(scope="module")
def made(phantom: Path, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    write(submitted(folder, phantom), folder / "submission")
    write(built_in("random", phantom), folder / "random")
    return folder


@pytest.fixture
def bundle(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "submission", tmp_path / "bundle"))


def test_a_bundle_reports_what_its_run_has(bundle) -> None:
    opened, reported = open_entry(bundle)
    assert reported.digest == opened.record.digest
    assert reported.track == track()
    assert len(reported.results) == 2 * len(SEEDS)
    for experiment, result in reported.results.items():
        assert experiment.method == opened.record.method.id
        assert [query.loop for query in reported.queries[experiment]] == [0, 1, 2]
        assert len(result.loops) == 3
    code = code_of(opened)
    assert code is not None
    assert (code / "bundle.json").is_file()


def test_a_builtin_method_needs_no_code(made, tmp_path) -> None:
    write_zip(made / "random", tmp_path / "b.zip")
    opened, reported = open_entry(tmp_path / "b.zip")
    assert code_of(opened) is None
    assert reported.spec.record.id == "random"


def test_a_bundle_that_was_changed_is_refused_but_attestations_may_lie_in_it(bundle) -> None:
    write_text(bundle / "attestations" / "somebody.json", "{}")
    open_entry(bundle)
    file = next((bundle / "results").rglob("*.json"))
    content = json.loads(file.read_text())
    content["loops"][0]["counts"]["true_positives"][0][0] += 1
    file.write_text(json.dumps(content, separators=(",", ":")))
    with pytest.raises(UserError, match=r"not reproduced, as it contradicts itself"):
        open_entry(bundle)


def test_code_that_was_changed_isnt_run(bundle) -> None:
    opened, _ = open_entry(bundle)
    (file,) = (bundle / "code" / "files").glob("*.py")
    file.chmod(0o644)
    file.write_text(file.read_text() + "\nprint('more')\n")
    with pytest.raises(UserError, match="differs"):
        code_of(opened)


def test_no_two_entries_share_a_folder(bundle, entry) -> None:
    _, reported = open_entry(bundle)
    first = place_of(reported, Path("data"), Path("runs"), 1, keep=True)
    second = place_of(entry({1: (0.5,)}), Path("data"), Path("runs"), 1, keep=True)
    assert first.runs.parent == second.runs.parent == Path("runs/.replays")
    assert first.runs != second.runs


def test_attestations_lie_in_the_folder_or_beside_the_zip(bundle) -> None:
    assert attestations_of(bundle) == bundle / "attestations"
    assert attestations_of(bundle.with_suffix(".zip")) == bundle.parent / "attestations"


def test_the_command_asks_what_to_do_and_who_did_it(bundle, capsys) -> None:
    assert main(["reproduce", str(bundle)]) == 2
    assert "choose --queries, --method, or both" in capsys.readouterr().err
    assert main(["reproduce", str(bundle), "--queries", "--by", " "]) == 2
    assert "write who you are" in capsys.readouterr().err
    assert main(["reproduce", str(bundle), "--queries", "--seed", "7"]) == 2
    assert "no seed 7; it has 1, 2" in capsys.readouterr().err
    assert main(["reproduce", "nothing.zip", "--queries"]) == 2
    assert "no such bundle" in capsys.readouterr().err
