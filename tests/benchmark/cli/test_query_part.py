import re
from pathlib import Path

import pytest
from support import SEED

from benchmark.cli.main import main
from benchmark.layout import failure_file, spec_file
from benchmark.results import Failure
from benchmark.submission.method_string import Method
from benchmark.submission.spec import describe, freeze
from nnactive.io.costs import cost_file
from nnactive.io.files import read_model, write_model
from nnactive.io.queries import load_patches
from nnactive.settings import Setting
from nnactive.steps.start import start

AUTHOR = """
from nnactive.methods import Candidate, Patch, QueryMethod

class Corner(QueryMethod):
    \"\"\"The far corner of each image.\"\"\"
    needs = frozenset()

    def candidates(self, pool, case):
        size = tuple(min(n, p) for n, p in zip(pool.shape(case), pool.patch_size))
        patch = Patch(case, tuple(n - p for n, p in zip(pool.shape(case), size)), size)
        free = not any(patch.overlaps(p) for p in pool.labelled)
        return [Candidate(pool.rng("noise", case).random(), patch)] if free else []
"""


def command_of(code: str, phantom: Path, setting: Setting, tmp_path: Path) -> list[str]:
    """The command of a query of the author's class, frozen."""
    file = tmp_path / "corner.py"
    file.write_text(code)
    spec = describe(Method.parse(f"{file}:Corner"))
    freeze(tmp_path, spec, file)
    write_model(tmp_path / "setting.json", setting)
    start(phantom, setting, SEED, tmp_path / "loop_000.json")
    options = {
        "--data": phantom,
        "--setting": tmp_path / "setting.json",
        "--method": tmp_path / spec_file(spec.record.id),
        "--seed": SEED,
        "--loop": 1,
        "--train": tmp_path / "train",
        "--query": tmp_path / "loop_000.json",
        "--out": tmp_path / "loop_001.json",
    }
    return ["step", "query", *(str(word) for pair in options.items() for word in pair), "none"]


def test_a_failed_query_names_the_authors_line(
    phantom: Path, setting: Setting, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = AUTHOR.replace("return [", "size[3]; return [")
    assert main(command_of(code, phantom, setting, tmp_path)) == 2
    reason = read_model(failure_file(tmp_path / "loop_001.json"), Failure).reason
    line = r"^Corner: \w+: IndexError: tuple index out of range \(corner.py:12 in candidates\)$"
    assert re.match(line, reason)
    assert f"error: {reason}\n" in capsys.readouterr().err


def test_a_part_ends_well_without_output_and_the_rest_writes_it(
    phantom: Path, setting: Setting, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    command = command_of(AUTHOR, phantom, setting, tmp_path)
    out = tmp_path / "loop_001.json"
    checkpoint = tmp_path / ".loop_001.json.checkpoint"
    for part in ("1/2", "2/2"):
        assert main([*command, "--part", part]) == 0
        assert checkpoint.is_dir()
        assert not out.exists()
        assert not cost_file(out).exists()
    assert "12 of 12 images" in capfd.readouterr().out
    assert main(command) == 0
    assert "images" not in capfd.readouterr().out  # all were stored
    assert len(load_patches([out])) == setting.query_size
    assert cost_file(out).exists()
    assert not checkpoint.exists()
    assert main([*command, "--part", "3/2"]) == 2
    assert "part '3/2': write K/N" in capfd.readouterr().err


def test_only_the_checkpoint_says_that_a_part_is_done(
    phantom: Path, setting: Setting, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = AUTHOR.replace(
        "        size = tuple",
        "        from nnactive.query.checkpoint import PartDone\n"
        "        raise PartDone\n        size = tuple",
    )
    command = command_of(code, phantom, setting, tmp_path)
    assert main([*command, "--part", "1/2"]) == 2
    assert "raised PartDone, which only pool.map does" in capsys.readouterr().err
