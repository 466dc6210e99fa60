"""Real query steps, run by a server as in a run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from benches import Bench
from support import SEED

from benchmark.execution.order import Order
from benchmark.execution.warm import CLIENT
from benchmark.execution.warm.serving import serving
from benchmark.layout import failure_file, spec_file
from benchmark.results import Failure
from benchmark.submission.method_string import Method
from benchmark.submission.spec import describe, freeze
from nnactive.io.files import read_model, write_model
from nnactive.settings import Limits, Setting
from nnactive.steps.start import start

DIES = '''import os, time
from nnactive.methods import QueryMethod

class Own(BaseException):
    pass

class Dies(QueryMethod):
    """Ends its process, one way or another."""
    needs = frozenset()

    def query(self, pool, n):
        {how}
'''


def command_of(root: Path, data: Path, setting: Setting, method: str, train: Path, *members) -> str:
    """The command of a query of loop 1, in a track's folder."""
    parsed = Method.parse(method)
    spec = describe(parsed)
    freeze(root, spec, parsed.file)
    write_model(root / "setting.json", setting)
    if not (root / "loop_000.json").exists():
        start(data, setting, SEED, root / "loop_000.json")
    words = [sys.executable, "-P", "-m", "benchmark.cli", "step", "query", "--data", data]
    words += ["--setting", "setting.json", "--method", spec_file(spec.record.id), "--seed", SEED]
    words += ["--loop", 1, "--train", train, "--query", "loop_000.json", "--out", "loop_001.json"]
    return " ".join(str(word) for word in [*words, *(members or ("none",))])


def ask(bench: Bench, command: str) -> int:
    """Run a query."""
    order = Order((), Path("loop_001.json"), Path("log.txt"), "query", loop=1, limits=Limits())
    line = f"exec {sys.executable} -I -S {CLIENT} {order.options()} -- {command}"
    return subprocess.run(
        ["bash", "-c", line], cwd=bench.root, env=bench.env, check=False
    ).returncode


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "kind", "text"),
    [
        ("raise KeyboardInterrupt", "crash", "KeyboardInterrupt"),
        ("raise Own('mine')", "crash", "Own: mine"),
        ("raise MemoryError", "memory", "MemoryError"),
        ("raise ValueError('mine')", "crash", "Dies: ValueError: mine (dies.py:12 in query)"),
        ("raise ValueError('x' * 999)", "crash", "Dies: ValueError: xxx"),
        ("raise SystemExit(75)", "crash", "SystemExit: 75"),
        ("return []", "contract", "Dies: query returned too few patches"),
        ("print('error: mine', flush=True); os._exit(0)", "crash", "ended from within"),
        ("os.kill(os.getpid(), 11)", "crash", "signal 11"),
    ],
)
def test_each_end_of_a_method_is_a_row(
    served: Bench, phantom: Path, setting: Setting, how: str, kind: str, text: str
) -> None:
    (served.root / "dies.py").write_text(DIES.replace("{how}", how))
    method = f"{served.root / 'dies.py'}:Dies"
    status = ask(served, command_of(served.root, phantom, setting, method, Path("train")))
    assert status not in {0, 75}
    row = read_model(failure_file(served.root / "loop_001.json"), Failure)
    assert (row.kind, row.step, row.loop) == (kind, "query", 1)
    assert text in row.reason
    assert len(row.reason) <= 500
    assert served.kinds() == ["began", "failed"]
    assert served.events()[-1].reason == row.reason


@pytest.mark.slow
def test_a_query_by_the_server_chooses_the_same(
    tmp_path: Path, phantom: Path, setting: Setting, loop0
) -> None:
    command = command_of(tmp_path, phantom, setting, "bald", loop0.train, *loop0.members)
    subprocess.run(["bash", "-c", command], cwd=tmp_path, check=True)
    fresh = (tmp_path / "loop_001.json").read_bytes()
    (tmp_path / "loop_001.json").unlink()
    with (tmp_path / "server.txt").open("wb") as out, serving(out, dict(os.environ)) as env:
        assert ask(Bench(tmp_path, env), command) == 0, (tmp_path / "log.txt").read_text()
    assert (tmp_path / "loop_001.json").read_bytes() == fresh
