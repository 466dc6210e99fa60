import errno
import subprocess
import sys
from pathlib import Path

import click
import pytest

from benchmark.cli.errors import guarded
from benchmark.cli.main import main
from benchmark.cli.progress import duration
from benchmark.results import Failure
from nnactive.errors import MethodError, NnactiveError, UserError
from nnactive.files import read_model


def full_disk_in_torch() -> None:
    try:
        raise OSError(errno.ENOSPC, "No space left on device", "/scratch/fold_0.pth")
    except OSError as error:
        raise RuntimeError("writing failed") from error


def raising(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize(
    ("action", "code", "line"),
    [
        (lambda: raising(UserError("a:\n b")), 2, "error: a: b"),
        (lambda: raising(MethodError("m")), 2, "error: m"),
        (lambda: raising(NnactiveError("f")), 1, "error: f"),
        (lambda: raising(KeyboardInterrupt()), 130, "interrupted; run the same command to go on"),
        (
            full_disk_in_torch,
            2,
            "error: disk full: /scratch/fold_0.pth; free some space and run the same command again",
        ),
        (
            lambda: raising(ValueError("what\never")),
            1,
            "error: unexpected ValueError: what ever; run with --debug for the traceback",
        ),
        (lambda: 3, 3, ""),
        (lambda: None, 0, ""),
    ],
)
def test_every_error_is_one_line_and_a_code(action, code, line, capsys, monkeypatch) -> None:
    monkeypatch.delenv("NNACTIVE_DEBUG", raising=False)
    assert guarded(click.Command("c", callback=action), [], "c") == code
    assert capsys.readouterr().err.strip() == line


def test_debug_shows_the_traceback(capsys, monkeypatch) -> None:
    monkeypatch.setenv("NNACTIVE_DEBUG", "")
    assert main(["track", "run", "nope"]) == 2
    quiet = capsys.readouterr().err
    assert quiet.startswith("error: unknown track 'nope'")
    assert len(quiet.splitlines()) == 1
    assert main(["--debug", "track", "run", "nope"]) == 2
    loud = capsys.readouterr().err
    assert "Traceback" in loud
    assert loud.endswith(quiet)


def test_wrong_usage_is_the_users_mistake(capsys) -> None:
    assert main(["track", "run"]) == 2
    assert "Missing argument 'NAME'" in capsys.readouterr().err
    assert main(["nonsense"]) == 2


def test_a_refused_method_leaves_nothing_behind(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text("class Mine: ...")
    assert main(["submit", "mine.py:Mine", "--track", "demo"]) == 2
    assert capsys.readouterr().err.startswith("error: mine.py: Mine is not a subclass")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.py"]


def test_help_imports_nothing_heavy() -> None:
    heavy = ("torch", "nnunetv2", "snakemake", "numpy", "pandas", "rich", "SimpleITK")
    script = (
        "import sys\nfrom benchmark.cli.main import main\n"
        "assert main(['--help']) == 0\nassert main(['track', 'run', '--help']) == 0\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_run_is_prepared_without_torch() -> None:
    script = (
        "import sys\nimport benchmark.workflow.run, benchmark.collect, benchmark.provenance\n"
        "from benchmark.tracks import load_track\nfrom benchmark.cli.methods import examine\n"
        "from pathlib import Path\n"
        "[examine(m, Path('none')) for m in load_track('demo').methods]\n"
        "benchmark.provenance.environment()\n"
        "print([name for name in ('torch', 'nnunetv2', 'snakemake') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "[]\n"


def test_a_step_leaves_the_reason_of_its_failure(tmp_path, capsys) -> None:
    out = tmp_path / "loop_002.json"
    arguments = f"--data {tmp_path} --setting {tmp_path}/none.json --method {tmp_path}/none.json"
    arguments += f" --seed 1 --loop 2 --train t --query q --out {out} member"
    assert main(["step", "query", *arguments.split()]) == 2
    failure = read_model(tmp_path / "loop_002.json.failed.json", Failure)
    assert (failure.step, failure.loop) == ("query", 2)
    assert f"error: {failure.reason}\n" == capsys.readouterr().err
    assert "none.json: no such file" in failure.reason
    assert not out.exists()


@pytest.mark.parametrize(
    ("seconds", "text"), [(42, "42 s"), (200, "3 min"), (9000, "2 h 30 min"), (3599, "60 min")]
)
def test_durations_are_told_in_words(seconds, text) -> None:
    assert duration(seconds) == text
