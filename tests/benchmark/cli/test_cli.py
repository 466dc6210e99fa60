import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path
from textwrap import dedent

import click
import pytest

from benchmark.cli.commands import tracks
from benchmark.cli.errors import guarded
from benchmark.cli.main import main
from benchmark.cli.options import RunOptions
from benchmark.results import Failure
from benchmark.submission.method_string import Method
from benchmark.submission.spec import freeze
from benchmark.tracks import load_track
from nnactive.errors import MethodError, NnactiveError, UserError
from nnactive.io.files import read_model
from nnactive.io.formatting import duration


def full_disk_in_torch() -> None:
    try:
        raise OSError(errno.ENOSPC, "No space left on device", "/scratch/fold_0.pth")
    except OSError as error:
        raise RuntimeError("writing failed") from error


def raising(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize(
    ("first", "second", "disturbed"),
    [
        (signal.SIGTERM, signal.SIGINT, False),
        (signal.SIGINT, signal.SIGTERM, False),
        (signal.SIGTERM, signal.SIGTERM, False),
        (signal.SIGINT, signal.SIGINT, True),
    ],
)
def test_only_a_second_ctrl_c_disturbs_what_ends(first, second, disturbed) -> None:
    saved = []

    @click.command()
    def command() -> None:
        try:
            os.kill(os.getpid(), first)
        finally:
            os.kill(os.getpid(), second)
            saved.append(True)

    # These tests may run in the background, where it is ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert guarded(command, [], "x") == 128 + first
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert saved == ([] if disturbed else [True])


@pytest.mark.parametrize(
    ("action", "code", "line"),
    [
        (lambda: raising(UserError("a:\n b")), 2, "error: a: b"),
        (lambda: raising(MethodError("m")), 2, "error: m"),
        (lambda: raising(NnactiveError("f")), 1, "error: f"),
        (
            lambda: raising(KeyboardInterrupt()),
            130,
            "interrupted; run the same command to continue",
        ),
        *(
            (
                lambda number=number: os.kill(os.getpid(), number),
                128 + number,
                f"ended by {number.name}; run the same command to continue",
            )
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)
        ),
        (
            full_disk_in_torch,
            2,
            "error: disk full: /scratch/fold_0.pth; free some space and run the same command again",
        ),
        *(
            (
                lambda number=number: raising(OSError(number, os.strerror(number), "/a/b")),
                2,
                f"error: /a/b: {os.strerror(number)}; allow it or choose another folder",
            )
            for number in (errno.EROFS, errno.EACCES, errno.ENOTDIR, errno.EEXIST)
        ),
        (
            lambda: raising(ValueError("what\never")),
            1,
            "error: unexpected ValueError: what ever; add --debug for the traceback",
        ),
        (lambda: 3, 3, ""),
        (lambda: None, 0, ""),
    ],
)
def test_every_error_is_one_line_and_a_code(action, code, line, capsys, monkeypatch) -> None:
    monkeypatch.delenv("NNACTIVE_DEBUG", raising=False)
    assert guarded(click.Command("c", callback=action), [], "c") == code
    assert capsys.readouterr().err.strip() == line


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_that_python_drops_is_not_lost(number, capsys) -> None:
    class Signalled:
        def __del__(self):
            os.kill(os.getpid(), number)

    def action():
        Signalled()
        time.sleep(10)
        return 0

    began = time.monotonic()
    assert guarded(click.Command("c", callback=action), [], "c") == 128 + number
    assert time.monotonic() - began < 5
    assert "Traceback" not in capsys.readouterr().err


def test_an_interrupt_while_modules_are_imported_is_one_line() -> None:
    script = "import benchmark.cli, os, signal; os.kill(os.getpid(), signal.SIGINT)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode in {-signal.SIGINT, 128 + signal.SIGINT}
    assert done.stderr == "interrupted; run the same command to continue\n"


@pytest.mark.parametrize("place", ["file/x", "/proc/x"])
def test_a_folder_that_can_not_be_is_the_users_mistake(place, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    command = ["data", "download", "hippocampus", "--accept-licence", "--data", place]
    assert main(command) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith(f"error: {place}")
    assert error.endswith("; allow it or choose another folder")


def test_a_file_that_is_missing_is_no_mistake_of_the_user(tmp_path, capsys) -> None:
    missing = FileNotFoundError(errno.ENOENT, "No such file", str(tmp_path / "a" / "b"))
    assert guarded(click.Command("c", callback=lambda: raising(missing)), [], "c") == 1
    assert capsys.readouterr().err.startswith("error: unexpected FileNotFoundError: ")


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


CRASHES = """import os
from nnactive.methods import Patch, QueryMethod

class Mine(QueryMethod):
    needs = frozenset()
    class Parameters(QueryMethod.Parameters):
        beta: float = 1

    def query(self, pool, n):
        os._exit(3)
"""


@pytest.mark.slow
@pytest.mark.parametrize("command", [["submit"], ["track", "run", "demo", "--method"]], ids=str)
def test_a_method_that_fails_the_check_is_not_run(command, tmp_path, capfd, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(CRASHES)
    assert main([*command, "mine.py:Mine,beta=2"]) == 2
    errors = [line for line in capfd.readouterr().err.splitlines() if line.startswith("error: ")]
    assert errors == ["error: mine.py:Mine,beta=2: contract kept: its process exited with status 3"]
    assert [path.name for path in tmp_path.iterdir()] == ["mine.py"]


@pytest.fixture
def requested(monkeypatch) -> list[list[str]]:
    """Ids of the methods of each request; nothing is run, but what it takes is kept."""
    requests = []

    def finish(request, out):
        requests.append([spec.record.id for spec, _ in request.methods])
        for spec, source in request.methods:
            freeze(request.root, spec, source)
        return 0

    monkeypatch.setattr(tracks, "finish", finish)
    return requests


@pytest.mark.slow
def test_a_file_is_checked_once_a_track_and_parameter(tmp_path, requested, monkeypatch) -> None:
    checks = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tracks, "passes", lambda method, _: checks.append(method.string) or True)
    Path("mine.py").write_text(CRASHES)
    base = Method.parse("mine.py:Mine").base_id
    for method, *more in [
        ["mine.py:Mine"],
        ["mine.py:Mine"],
        ["mine.py:Mine", "--param", "beta=1.0"],
        ["mine.py:Mine,beta=5"],
        ["mine.py:Mine", "--param", "beta=5e0"],
        ["power_bald", "--param", "beta=5"],
        ["mine.py:Mine", "--track", "hippocampus_lite"],
    ]:
        assert main(["submit", method, *more]) == 0
    assert checks == ["mine.py:Mine", "mine.py:Mine,beta=5", "mine.py:Mine"]
    assert [ids[-1] for ids in requested] == [
        *[base] * 3,
        f"{base},beta=5",
        f"{base},beta=5",
        "power_bald,beta=5",
        base,
    ]


def test_parameters_of_a_run_belong_to_one_method(tmp_path, requested, capsys) -> None:
    run = ["track", "run", "demo", "--runs", str(tmp_path), "--param", "beta=5"]
    assert main([*run, "--method", "power_bald"]) == 0
    both = ["--method", "power_bald,beta=2", "--method", "power_bald,beta=2.0"]
    assert main([*run[:-2], *both, "--method", "power_bald,beta=1"]) == 0
    assert requested == [["power_bald,beta=5"], ["power_bald,beta=2", "power_bald"]]
    assert main(run) == main([*run, *both]) == 2
    assert (
        capsys.readouterr().err.count("error: --param needs exactly one --method; otherwise") == 2
    )


def test_track_run_and_submit_take_the_same_options() -> None:
    run, submit = (
        {param.name: param.opts for param in command.params}
        for command in (tracks.track.commands["run"], tracks.submit)
    )
    # Each has its own way to name the methods and the track; what is submitted may be handed in.
    assert run.keys() ^ submit.keys() == {"methods", "submitted", "bundle", "offer"}
    shared = (run.keys() & submit.keys()) - {"name"}
    assert {name: run[name] for name in shared} == {name: submit[name] for name in shared}
    assert {field.name for field in fields(RunOptions)} <= shared


def test_a_tracks_methods_may_have_parameters(tmp_path, requested) -> None:
    track = load_track("demo").model_dump(include={"title", "description", "comparable", "seeds"})
    methods = ["random", "power_bald,beta=5", "power_bald,beta=inf"]
    entry = {"dataset": "phantom", "regime": "low"}
    content = {**track, "name": "mine", "methods": methods, "settings": [entry]}
    path = tmp_path / "mine.yaml"
    path.write_text(json.dumps(content))  # JSON is YAML
    assert main(["track", "run", str(path), "--runs", str(tmp_path / "runs")]) == 0
    assert requested == [methods]


def test_methods_are_listed_and_shown_with_their_parameters(capsys) -> None:
    assert main(["method", "list"]) == 0
    assert "beta_max=100" in capsys.readouterr().out
    assert main(["method", "show", "cla_pe_66"]) == 0
    out = capsys.readouterr().out
    assert "protocol section 5" in out
    assert "--param alpha=0.66  (Decimal, > 0, < 1)" in out
    assert main(["method", "show", "power_bald,beta=5"]) == 0
    assert main(["method", "show", "power_bald", "--param", "beta=5"]) == 0
    once, again = capsys.readouterr().out.split("power_bald,beta=5\n")[1:]
    assert once == again
    assert "--param beta=5  (float, >" in once
    assert main(["method", "show", "power_bald,beta=0"]) == 2
    assert "Input should be greater than" in capsys.readouterr().err


def test_a_files_class_is_shown_from_a_process_of_its_own(tmp_path, capsys) -> None:
    file = tmp_path / "mine.py"
    text = """
    from nnactive.methods import QueryMethod

    class Mine(QueryMethod):
        \"""Mine.

        And more of it.
        \"""
        class Parameters(QueryMethod.Parameters):
            beta: float = 1

        def score(self, prediction):
            return prediction.mean[0]
    """
    # The file is imported from a copy in a folder of its own.
    file.write_text(dedent(text))
    before = set(sys.modules)
    assert main(["method", "show", f"{file}:Mine,beta=2"]) == 0
    head, *doc, parameter = capsys.readouterr().out.splitlines()
    assert re.fullmatch("Mine-[0-9a-f]{8},beta=2", head)
    assert doc == ["", "Mine.", "", "And more of it.", ""]
    assert parameter == "--param beta=2  (float)"
    new = set(sys.modules) - before
    assert not [name for name in new if name.startswith("nnactive_submission_")]
    assert main(["method", "show", f"{file}:Other"]) == 2
    assert capsys.readouterr().err == f"error: {file}: has no class Other; it has Mine\n"


def test_help_imports_nothing_heavy() -> None:
    heavy = ("torch", "nnunetv2", "snakemake", "numpy", "pandas", "rich", "SimpleITK")
    script = (
        "import sys\nfrom benchmark.cli.main import main\n"
        "assert main(['--help']) == 0\nassert main(['track', 'run', '--help']) == 0\n"
        "assert main(['check', '--help']) == 0\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_run_is_prepared_without_torch() -> None:
    script = (
        "import sys\nimport benchmark.workflow.run, benchmark.collect, benchmark.provenance\n"
        "from benchmark.tracks import load_track\n"
        "from benchmark.cli.commands.author.methods import examine\n"
        "from pathlib import Path\n"
        "from benchmark.submission.method_string import Method\n"
        "[examine(Method.parse(m), Path('none')) for m in load_track('demo').methods]\n"
        "benchmark.provenance.environment()\n"
        "print([name for name in ('torch', 'nnunetv2', 'snakemake') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
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
    assert ": not prepared; run nnactive-bench data prepare" in failure.reason
    assert not out.exists()


@pytest.mark.parametrize(
    ("seconds", "text"), [(42, "42 s"), (200, "3 min"), (9000, "2 h 30 min"), (3599, "60 min")]
)
def test_durations_are_told_in_words(seconds, text) -> None:
    assert duration(seconds) == text
