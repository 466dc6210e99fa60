"""`annotate import` as a command."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from projects import build

from benchmark.cli.main import main


def test_it_tells_what_became_of_each_patch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    built = build(tmp_path)
    built.draw("p01")
    built.label_file("p02").write_bytes(b"")
    assert main(["annotate", "import", str(tmp_path)]) == 2
    told = capsys.readouterr()
    counts = "216 background, 32 liver, 8 tumour voxels"
    assert f"imported: round_00/p01 (case_001): round_00/p01_label.nii.gz: {counts}" in told.out
    assert "open: round_00/p03 (case_002): its box is as it was written" in told.out
    assert f"nnactive-bench annotate import {tmp_path} --empty p03" in told.out
    assert "patches: 1 imported, 0 corrected, 0 imported before, 1 open; 1 file refused" in told.out
    assert (
        told.err
        == "read: 3 files\nrefused: round_00/p02_label.nii.gz: has 0 bytes; save it again\n"
    )


def test_a_whole_image_is_given_with_its_id(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    built = build(tmp_path / "project")
    whole = np.ones(built.grid("case_002").shape, np.uint8)
    file = built.save(tmp_path / "export.nii.gz", whole, "case_002", (0, 0, 0))
    command = ["annotate", "import", str(tmp_path / "project")]
    assert main([*command, str(file)]) == 2
    assert f"give it as --labels case_002={file.name}" in capsys.readouterr().err
    assert main([*command, "--labels", f"case_002={file}"]) == 0
    assert "imported: round_00/p03 (case_002)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--labels", "case_001"], "--labels case_001: give it as ID=FILE"),
        (["--labels", "a=b", "--labels", "a=c"], "--labels a=c: a was given twice"),
        (["--empty", "p9"], "--empty p9: round_00 has no p9; its patches are p01 to p03"),
        (["--empty", "round_07/p01"], "--empty round_07/p01: no round_07; there are round_00"),
        (["--empty", "p01", "--accept", "p01"], "--accept p01: was also given as --empty"),
    ],
)
def test_options_that_cant_be_meant(
    tmp_path: Path, options: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    build(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # as for an option that two things are called
        assert main(["annotate", "import", str(tmp_path), *options]) == 2
    assert told in capsys.readouterr().err
